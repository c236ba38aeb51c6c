/** The profile: when, where and in whose place somebody can be asked. */

import { call, read } from "./api.js";
import { completePeople } from "./completion.js";
import { button, h } from "./dom.js";
import { hoursEditor } from "./hours.js";
import { icon } from "./icons.js";
import { identitiesPart, orderWords } from "./identities.js";
import { signInsPart } from "./sign_ins.js";
import { state } from "./state.js";
import { toast } from "./toasts.js";
import { allZones, dayBegins, dayOf, deviceZone } from "./zones.js";

const CHANNELS = { chat: "This page", email: "E-mail", slack: "Slack" };
/** A refusal that names no field is told at the one that its words are about. */
const ABOUT = [[/zone/i, "zone"], [/working|day|hours|time of day/i, "working_hours"], [/absence|away/i, "away"], [/channel/i, "preferred_channel"], [/stand in|anybody called|delegate/i, "delegate"]];

function section(name, title, hint, ...content) {
  const error = h("p", { class: "field-error", id: `profile-${name}-error`, role: "alert", data: { testid: `profile-${name}-error` } });
  const node = h("fieldset", { class: "profile-part", "aria-describedby": `${error.id} profile-${name}-hint` }, h("legend", { text: title }),
    h("p", { class: "hint", id: `profile-${name}-hint`, text: hint }), content, error);
  return { node, error };
}

function labelled(words, control) {
  return h("label", { class: "answer-label" }, h("span", { text: words }), control);
}

function zonePart(profile) {
  const device = deviceZone();
  const options = allZones(profile.zone, device).map((zone) => h("option", { value: zone, text: zone.replaceAll("_", " ") }));
  const select = h("select", { data: { testid: "profile-zone" } }, options);
  select.value = profile.zone;
  const use = button(`Use ${device.replaceAll("_", " ")}, as on this device`, { class: "small", data: { testid: "profile-zone-device" } });
  use.addEventListener("click", () => {
    select.value = device;
    select.dispatchEvent(new Event("change"));
    select.focus();
  });
  const show = () => { use.hidden = select.value === device; };
  select.addEventListener("change", show);
  show();
  const part = section("zone", "Time zone", "“Tomorrow 17:00” and your working hours are read in it.", labelled("Your zone", select), use);
  return { ...part, read: () => select.value, fault: () => "", first: select };
}

function hoursPart(profile) {
  const editor = hoursEditor(profile.working_hours);
  const part = section("working_hours", "Working hours", "Outside of them a question waits for the morning, unless it is urgent. An end before the start means the next day.", editor.node);
  return { ...part, read: editor.read, fault: editor.fault, first: editor.node.querySelector("input") };
}

function awayPart(profile, zone) {
  const { away } = profile;
  const from = h("input", { type: "date", value: away ? dayOf(away.from, profile.zone) : "", data: { testid: "profile-away-from" } });
  const until = h("input", { type: "date", value: away ? dayOf(away.until, profile.zone, 1) : "", data: { testid: "profile-away-until" } });
  const clear = button("I am not away", { class: "small plain", data: { testid: "profile-away-clear" } });
  clear.addEventListener("click", () => { from.value = until.value = ""; });
  const part = section("away", "Away", "Meanwhile questions go to whoever stands in for you.",
    h("div", { class: "pair" }, labelled("First day", from), labelled("Last day", until)), clear);
  const fault = () => {
    if (from.validity.badInput || until.validity.badInput || Boolean(from.value) !== Boolean(until.value)) return "Give the first and the last day, or neither.";
    return from.value > until.value ? "The last day is before the first." : "";
  };
  const value = () => (from.value ? { from: dayBegins(from.value, zone()), until: dayBegins(until.value, zone(), 1) } : null);
  return { ...part, read: value, fault, first: from };
}

function delegatePart(profile) {
  const input = h("input", { autocapitalize: "none", autocomplete: "off", spellcheck: "false", dir: "auto", value: profile.delegate?.name ?? "", data: { testid: "profile-delegate" } });
  const field = h("div", { class: "with-people" }, labelled("User name or address", input));
  completePeople(input, { whole: true, place: field });
  const part = section("delegate", "Who stands in", "They are asked in your place while you are away.", field);
  return { ...part, read: () => input.value.trim() || null, fault: () => "", first: input };
}

function channelPart(profile) {
  const none = h("option", { value: "", text: "Where I was last active" });
  const select = h("select", { data: { testid: "profile-channel" } }, none, profile.channels.map((name) => h("option", { value: name, text: CHANNELS[name] ?? name })));
  select.value = profile.preferred_channel ?? "";
  const order = h("p", { class: "quiet", role: "status", data: { testid: "channel-order" } });
  const show = () => order.replaceChildren(...orderWords(profile, select.value));
  select.addEventListener("change", show);
  show();
  const part = section("preferred_channel", "Where to ask you first", "Every question is on this page too.", labelled("Channel", select), order);
  return { ...part, read: () => select.value || null, fault: () => "", first: select };
}

function complain(parts, name, words) {
  const part = parts[name];
  part.error.textContent = words;
  if (words) part.first.setAttribute("aria-invalid", "true");
  else part.first.removeAttribute("aria-invalid");
}

function placeOf(refusal, sent) {
  const named = Object.keys(refusal.details?.fields ?? {})[0]?.split(".")[0];
  if (named) return named;
  if (sent.length === 1) return sent[0];
  return ABOUT.find(([words, name]) => sent.includes(name) && words.test(refusal.message))?.[1];
}

function drawForm(profile, redraw) {
  const zone = zonePart(profile);
  const parts = { zone, working_hours: hoursPart(profile), away: awayPart(profile, zone.read), delegate: delegatePart(profile), preferred_channel: channelPart(profile) };
  const before = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, JSON.stringify(part.read())]));
  const result = h("p", { class: "answer-result", role: "status", data: { testid: "profile-result" } });
  const save = h("button", { class: "button primary", data: { testid: "profile-save" } }, h("span", { text: "Save" }));
  const form = h("form", { class: "profile", novalidate: true }, Object.values(parts).map(({ node }) => node), h("div", { class: "answer-row" }, save), result);

  const firstFault = () => {
    const faulty = Object.keys(parts).filter((name) => {
      const words = parts[name].fault();
      complain(parts, name, words);
      return words;
    });
    if (faulty.length) parts[faulty[0]].first.focus();
    return faulty[0];
  };
  const changes = () => Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.read()]).filter(([name, value]) => JSON.stringify(value) !== before[name]));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    result.className = "answer-result";
    result.textContent = "";
    if (firstFault()) return;
    const wanted = changes();
    const sent = Object.keys(wanted);
    if (!sent.length) {
      result.textContent = "Nothing is changed.";
      return;
    }
    save.disabled = true;
    try {
      redraw(await call("PATCH", "/api/profile", wanted));
      toast("Your profile is saved.", "good");
    } catch (refusal) {
      const name = placeOf(refusal, sent);
      const known = !refusal.passing && name in parts;
      if (known) complain(parts, name, refusal.message);
      result.textContent = known ? "Not saved: see above." : refusal.message;
      result.classList.add("bad");
      if (known) parts[name].first.focus();
    } finally {
      save.disabled = false;
    }
  });
  return form;
}

/** Draw the profile into `place`. */
export async function showProfile(place, isCurrent) {
  const draw = (profile) => place.replaceChildren(
    h("h2", { tabindex: "-1", text: "How you can be asked" }),
    h("p", { class: "status" }, icon("person"), `${state.account.username} · `, h("span", { dir: "auto", text: state.account.email })),
    identitiesPart(profile),
    drawForm(profile, (newer) => {
      draw(newer);
      place.querySelector("[data-testid=profile-result]").textContent = "Saved.";
      place.querySelector("[data-testid=profile-save]").focus({ preventScroll: true });
    }),
    signInsPart());
  const profile = await read("/api/profile");
  if (isCurrent()) draw(profile);
}
