import { error, expectValues } from './values.ts';

expectValues('hierarchies', [
  ['hierarchy("a.b.c.d") == hierarchy(["a", "b", "c", "d"])', true],
  ['hierarchy("a:b:c", ":") == hierarchy("a.b.c")', true],
  ['hierarchy("a.b.c.d")[2]', 'c'],
  ['hierarchy("a.b")[2]', error],
  ['hierarchy("a.b").size()', 2],
  ['hierarchy("a.b").ancestorOf(hierarchy("a.b.c.d"))', true],
  ['hierarchy("a.b").ancestorOf(hierarchy("a.b"))', false],
  ['hierarchy("a.b.c").descendentOf(hierarchy("a.b"))', true],
  ['hierarchy("x.b").descendentOf(hierarchy("a.b"))', false],
  ['hierarchy("a.b.c.d").commonAncestors(hierarchy("a.b.c.d.e")) == hierarchy("a.b.c.d")', true],
  ['hierarchy("a.b.c.d").commonAncestors(hierarchy("a.b.c.d")) == hierarchy("a.b.c")', true],
  ['hierarchy("a.b").commonAncestors(hierarchy("x.y")).size()', 0],
  ['hierarchy("a.b.c").immediateChildOf(hierarchy("a.b"))', true],
  ['hierarchy("a.b.c.d").immediateChildOf(hierarchy("a.b"))', false],
  ['hierarchy("a.b").immediateParentOf(hierarchy("a.b.c"))', true],
  ['hierarchy("a.b.c").siblingOf(hierarchy("a.b.d"))', true],
  ['hierarchy("a.b.c").siblingOf(hierarchy("x.b.d"))', false],
  ['hierarchy("a.b").overlaps(hierarchy("a.b.c.d"))', true],
  ['hierarchy("a.b.x").overlaps(hierarchy("a.b.c.d"))', false],
  ['hierarchy("ab.c").ancestorOf(hierarchy("a.b.c.d"))', false],
]);
