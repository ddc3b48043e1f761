import Type from 'typebox';
import { section } from './field.js';

export const HoldConfig = section({
  longestMinutes: Type.Integer({
    minimum: 1,
    maximum: 10_080,
    default: 720,
    description: 'When a hold on updates that nobody releases is lifted, with an alarm',
  }),
});
