// Colours and hatches for canvases, read from the style sheet so that both are one.
import type { PoolLook } from '../model/pool_looks';

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const TILE = 8;

// An opaque tint of `ink` over the panel, with lines of it across.
export function hatched(ink: string, hatch: PoolLook['hatch'], strength = 0.28): CanvasPattern | string {
  const ratio = Math.max(1, Math.round(devicePixelRatio));
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = TILE * ratio;
  const paint = canvas.getContext('2d');
  if (!paint) return ink;
  paint.scale(ratio, ratio);
  paint.fillStyle = colour('panel');
  paint.fillRect(0, 0, TILE, TILE);
  paint.globalAlpha = strength;
  paint.fillStyle = ink;
  paint.fillRect(0, 0, TILE, TILE);
  paint.globalAlpha = Math.min(1, strength + 0.35);
  paint.strokeStyle = ink;
  paint.lineWidth = 1.4;
  lines(paint, hatch);
  return paint.createPattern(canvas, 'repeat') ?? ink;
}

function lines(paint: CanvasRenderingContext2D, hatch: PoolLook['hatch']) {
  paint.beginPath();
  const stroke = (x1: number, y1: number, x2: number, y2: number) => {
    paint.moveTo(x1, y1);
    paint.lineTo(x2, y2);
  };
  // Three strokes, so that the slanted ones meet at the tile's edges.
  for (const shift of [-TILE, 0, TILE]) {
    if (hatch === 'rising') stroke(shift, TILE, shift + TILE, 0);
    if (hatch === 'falling') stroke(shift, 0, shift + TILE, TILE);
  }
  if (hatch === 'level') stroke(0, TILE / 2, TILE, TILE / 2);
  if (hatch === 'upright') stroke(TILE / 2, 0, TILE / 2, TILE);
  if (hatch === 'dots') paint.arc(TILE / 2, TILE / 2, 1.4, 0, 7);
  paint.stroke();
}
