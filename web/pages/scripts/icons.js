/** The page's icons, drawn as SVG nodes in the colour of the text around them. */

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  hand: "M7.5 13V6.8a1.5 1.5 0 0 1 3 0V11V4.5a1.5 1.5 0 0 1 3 0V11V5.5a1.5 1.5 0 0 1 3 0V12V8.5a1.5 1.5 0 0 1 3 0V15a6.5 6.5 0 0 1-6.5 6.5h-1A6.5 6.5 0 0 1 6.7 18.8L3.7 14.5a1.6 1.6 0 0 1 2.5-2z",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  inbox: "M4 13l2.5-7.5h11L20 13v5.5H4zM4 13h4.5l1 2.5h5l1-2.5H20",
  leave: "M10 4.5H5v15h5M14 8l4 4-4 4M18 12H9.5",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7.5 7.5h9v9h-9z",
  flag: "M6 20.5V4.5h11.5l-2.5 4 2.5 4H6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M7 7l10 10M17 7L7 17",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  hourglass: "M7 4h10M7 20h10M8 4c0 5 8 6.5 8 8s-8 3-8 8M16 4c0 5-8 6.5-8 8s8 3 8 8",
  down: "M12 5v14M6 13l6 6 6-6",
  mail: "M4 6h16v12H4zM4 7l8 6 8-6",
  alert: "M12 4L2.8 19.5h18.4zM12 10v4M12 16.8v.2",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5M12 8v.2",
  pause: "M9 6v12M15 6v12",
  chat: "M4.5 5.5h15v10.5H11l-4 3.5V16H4.5z",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5c0-4 3.4-6 7.5-6s7.5 2 7.5 6",
  eye: "M2.5 12c2-4 5.5-6.5 9.5-6.5s7.5 2.5 9.5 6.5c-2 4-5.5 6.5-9.5 6.5S4.5 16 2.5 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  pass: "M4 12h15M13.5 6.5L19 12l-5.5 5.5",
  edit: "M5 19l1-4L16 5l3 3L9 18zM13.5 7.5l3 3",
  again: "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
  run: "M7.5 5v14l11-7z",
  bell: "M6 17h12c-1.5-1.5-1.5-3-1.5-6.5a4.5 4.5 0 0 0-9 0C7.5 14 7.5 15.5 6 17zM10.5 20h3",
  copy: "M9 9h10.5v10.5H9zM5.5 15H4.5V4.5H15v1",
  key: "M8 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM11.5 12h9M17 12v3M20.5 12v2.5",
  wifi: "M3 3l18 18M5 12.5a10 10 0 0 1 4-2.3M2 9a15 15 0 0 1 4.2-2.6M11 6a15 15 0 0 1 11 3M15.5 10.7A10 10 0 0 1 19 12.5M8.5 16a5 5 0 0 1 7 0M12 19.5v.01",
  slack: "M9.5 4v16M14.5 4v16M4 9.5h16M4 14.5h16",
  story: "M8 6h12M8 12h12M8 18h12M4 6v.01M4 12v.01M4 18v.01",
  shield: "M12 3.5l7 2.5v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6z",
  back: "M5 12h14M11 6l-6 6 6 6",
  gauge: "M4.5 18a8.5 8.5 0 1 1 15 0M12 14l4-5",
};

/** Draw one icon; it is decoration, so the control that holds it needs a name of its own. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? "");
  svg.append(path);
  return svg;
}
