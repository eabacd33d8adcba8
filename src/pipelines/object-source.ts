export { objectText } from './object-text.ts';
