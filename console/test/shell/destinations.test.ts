import t from 'tap';
import { destinations, isWithin, tabOf, tabsOf } from '../../src/shell/destinations.js';

const sectionOf = (path: string) => destinations.flat().find((each) => isWithin(path, each))?.label;
const here = (path: string) => {
  const tabs = tabsOf(path);
  return tabs && tabOf(path, tabs);
};

t.test('every page is under one entry of the rail, and under one tab where that has several', async (t) => {
  t.equal(sectionOf('/'), 'Fleet');
  t.equal(sectionOf('/fleet/box-1'), 'Fleet');
  t.equal(sectionOf('/review/disputed'), 'Review');
  t.equal(sectionOf('/dataset/transfer'), 'Dataset');
  t.equal(sectionOf('/audit'), 'Admin');
  t.equal(here('/dataset'), '/dataset');
  t.equal(here('/dataset/transfer'), '/dataset/transfer');
  t.equal(here('/dataset/versions/v1/diff/v2'), '/dataset/versions');
  t.equal(here('/audit'), '/audit');
  t.equal(here('/models'), null);
});

t.test('a 10-inch tablet has room for all of the rail', async (t) => {
  t.ok(destinations.flat().length <= 9);
});
