/** The only door for markup: HTML that the server has sanitised already. */

const policy = globalThis.trustedTypes?.createPolicy("handraise", { createHTML: (html) => html });

/** Turn the server's HTML into nodes; links open elsewhere, foreign images become links. */
export function fromServer(html) {
  const source = policy ? policy.createHTML(html) : html;
  const parsed = new DOMParser().parseFromString(source, "text/html");
  // Second line of defence, and what keeps the browser's console free of CSP reports.
  for (const bad of parsed.querySelectorAll("script, style, link, iframe, object, embed, form, base, meta")) bad.remove();
  for (const node of parsed.body.querySelectorAll("*")) {
    for (const { name } of [...node.attributes]) {
      if (name === "style" || name === "id" || name.startsWith("on")) node.removeAttribute(name);
    }
  }
  parsed.body.querySelectorAll("a[href]").forEach(openElsewhere);
  parsed.body.querySelectorAll("img").forEach(onlyOwnImages);
  parsed.body.querySelectorAll("table").forEach(inScroller);
  const fragment = document.createDocumentFragment();
  fragment.append(...[...parsed.body.childNodes].map((node) => document.importNode(node, true)));
  return fragment;
}

function openElsewhere(link) {
  if (!/^(https?:|mailto:)/i.test(link.getAttribute("href"))) {
    link.removeAttribute("href");
    return;
  }
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer nofollow");
}

function onlyOwnImages(image) {
  const source = image.getAttribute("src") ?? "";
  if (source.startsWith("data:image/")) return;
  const link = image.ownerDocument.createElement("a");
  link.textContent = image.getAttribute("alt") || source;
  if (/^https?:/i.test(source)) link.setAttribute("href", source);
  openElsewhere(link);
  image.replaceWith(link);
}

function inScroller(table) {
  const box = table.ownerDocument.createElement("div");
  box.className = "table-box";
  // A box that scrolls must be reachable by keyboard.
  box.setAttribute("tabindex", "0");
  table.replaceWith(box);
  box.append(table);
}
