// Lists that show a few, and all on demand.

import { byId, count, el, setText } from "./dom.js";

export const FEW = 6;

/** A list of the page whose button shows the rest; `limit` is called when its rows have changed. */
export function longList(name) {
  const list = byId(name);
  const button = byId(`${name}-more`);
  const limit = () => {
    const rows = [...list.children];
    const open = button.getAttribute("aria-expanded") === "true";
    rows.forEach((row, index) => { row.hidden = !open && index >= FEW; });
    button.hidden = rows.length <= FEW;
    setText(button, open ? "Show fewer" : `Show all ${rows.length}`);
  };
  button.addEventListener("click", () => {
    button.setAttribute("aria-expanded", button.getAttribute("aria-expanded") !== "true");
    limit();
  });
  return { list, limit };
}

/** The first items as `draw` makes them of a list, and the rest behind a line that says how many there are. */
export function folded(items, draw, few = FEW) {
  if (items.length <= few + 1) return [draw(items)];
  const rest = items.slice(few);
  return [draw(items.slice(0, few)), el("details", {}, el("summary", {}, `${count(rest.length)} more`), draw(rest))];
}

/** Texts as a list. */
export const texts = (name) => (some) => el("ul", { class: name }, some.map((text) => el("li", {}, text)));
