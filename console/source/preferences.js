// What the browser remembers: theme, zone, name, keys, saved views, and whether somebody signed in. Never anything of a message.
import { watched } from "./view.js";

const PLACE = "fintegrate-console";
const DEFAULTS = { theme: "auto", zone: "local", actor: "", keys: true, views: [], signedIn: false };

function stored() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(PLACE) ?? "{}") };
  } catch {
    return { ...DEFAULTS };
  }
}

export const preferences = watched(stored());

export function prefer(change) {
  preferences.set({ ...preferences.get(), ...change });
  try {
    localStorage.setItem(PLACE, JSON.stringify(preferences.get()));
  } catch {
    // A browser without storage forgets.
  }
}

const showTheme = () => {
  document.documentElement.dataset.theme = preferences.get().theme;
};
preferences.watch(showTheme);
showTheme();
