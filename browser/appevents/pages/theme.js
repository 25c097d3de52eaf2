// Chooses the theme before the page is drawn, so it runs as a plain script and not as a module.
document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "auto";
