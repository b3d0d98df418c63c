// The tab's picture: the shape and colour of the worst service.
import type { Shape } from '../model/words';

const BODIES: Partial<Record<Shape, string>> = {
  up: '<circle cx="8" cy="8" r="7" fill="#3d7f78"/><path d="M4.6 8.3l2.3 2.4 4.4-5" stroke="#fff" stroke-width="2" fill="none"/>',
  warn: '<path d="M8 1L15.5 14.6H.5z" fill="#e69f00"/><path d="M8 5.8v4.2M8 11.8v1" stroke="#000" stroke-width="2"/>',
  down: '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="#d55e00"/><path d="M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4" stroke="#fff" stroke-width="2"/>',
  unknown: '<circle cx="8" cy="8" r="6" fill="none" stroke="#888" stroke-width="2" stroke-dasharray="3 2"/>',
};

export function setFavicon(shape: Shape) {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${BODIES[shape] ?? BODIES.unknown}</svg>`;
  const address = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  if (link && link.href !== address) link.href = address;
}
