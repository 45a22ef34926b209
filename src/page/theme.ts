/// <reference lib="dom" />
import { h, type TargetedEvent } from "preact";
import { useState } from "preact/hooks";
import type { Drawn } from "./drawn.ts";

/** Colours of the page; `auto` follows the system. */
export type Theme = "auto" | "light" | "dark";

const KEY = "edgewood.theme";
const NAMES: Readonly<Record<Theme, string>> = { auto: "Auto", light: "Light", dark: "Dark" };

/** Applies the theme that was chosen last. */
export function applyTheme(): void {
  show(chosenTheme());
}

/** A choice of themes, which is kept for the next visit. */
export function ThemeSwitch(): Drawn {
  const [chosen, choose] = useState<Theme>(chosenTheme);
  return h("label", { class: "theme" }, [
    h("span", { class: "quiet" }, "Theme"),
    h("select", {
      value: chosen,
      onChange: (event: TargetedEvent<HTMLSelectElement>) => {
        const theme = event.currentTarget.value as Theme;
        localStorage.setItem(KEY, theme);
        show(theme);
        choose(theme);
      },
    }, [
      Object.entries(NAMES).map(([theme, name]) => h("option", { value: theme }, name)),
    ]),
  ]);
}

function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "auto";
}

function show(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
}
