// What each page owes its readers; gives the list of what it does not keep.
(root) => {
  const page = root.ownerDocument;
  const problems = [];
  const owes = (kept, what) => { if (!kept) problems.push(what); };
  const text = (element) => element.textContent.replace(/\s+/g, " ").trim();

  const brush = page.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parsed = (colour) => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
    return { rgb: [red, green, blue], alpha: alpha / 255 };
  };
  const over = (top, below) => top.rgb.map((part, i) => part * top.alpha + below[i] * (1 - top.alpha));
  const ancestors = (element) => element ? [...ancestors(element.parentElement), element] : [];
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (element) => {
    let ground = parsed("Canvas").rgb;
    let opacity = 1;
    for (const one of ancestors(element)) {
      const style = getComputedStyle(one);
      ground = over(parsed(style.backgroundColor), ground);
      opacity *= Number(style.opacity);
    }
    const ink = parsed(getComputedStyle(element).color);
    const seen = over({ rgb: ink.rgb, alpha: ink.alpha * opacity }, ground);
    const [light, dark] = [luminance(seen), luminance(ground)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };

  owes(root.lang, "the page has no language");
  owes(page.title.trim(), "the page has no title");
  owes(page.querySelectorAll("h1").length === 1, "the page has not one h1");
  owes(page.querySelector("main"), "the page has no main part");
  owes(root.scrollWidth <= root.clientWidth, `${root.scrollWidth} px wide in a window of ${root.clientWidth}`);
  for (const field of page.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    owes([...(field.labels ?? [])].some(text) || field.ariaLabel, `no label: ${field.outerHTML}`);
  }
  for (const deed of page.querySelectorAll("a[href], button, summary")) {
    owes(text(deed) || deed.ariaLabel, `no name: ${deed.outerHTML}`);
  }
  for (const frame of page.querySelectorAll("iframe")) owes(frame.title, "a frame has no title");
  for (const element of page.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest("script, style, noscript") || !element.checkVisibility()) continue;
    const ratio = contrast(element);
    owes(ratio >= 4.5, `contrast ${ratio.toFixed(2)}: ${text(element).slice(0, 60)}`);
  }
  return problems;
}
