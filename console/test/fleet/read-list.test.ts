import t from 'tap';
import { readList, tokensCsv } from '../../src/features/fleet/bulk/read-list.js';

const problems = (text: string) => readList(text).map(({ line, problem }) => [line, problem]);

t.test('names alone, and columns in any order', async (t) => {
  t.same(readList('line-1\n\n  line-2  \n'), [
    { line: 1, name: 'line-1', site: null, tags: [], problem: null },
    { line: 3, name: 'line-2', site: null, tags: [], problem: null },
  ]);
  t.same(readList('\ufeffTags,Name,Where,Site\r\nfast|new|fast,line-1,x,"Hall 4"\r\n'), [
    { line: 2, name: 'line-1', site: 'Hall 4', tags: ['fast', 'new'], problem: null },
  ]);
  t.match(readList('line-1;Hall 4;"a;b"'), [{ name: 'line-1', site: 'Hall 4', tags: ['a', 'b'] }]);
  t.match(readList('name\tsite\nline-1\tHall 4'), [{ name: 'line-1', site: 'Hall 4' }], 'from a sheet');
  t.same(readList(''), []);
  t.same(readList('name,site,tags\n'), []);
});

t.test('what is wrong is said of its line', async (t) => {
  t.same(problems('name,site\nline-1,\nline 2,\nline-1,\n,Hall'), [
    [2, null],
    [3, 'A name has letters, digits, hyphen and underscore, up to 64.'],
    [4, 'The name is in line 2 already.'],
    [5, 'There is no name.'],
  ]);
  t.match(problems('a,=cmd'), [[1, '=cmd cannot be a site.']]);
  t.match(problems('a,Hall,ok|-no'), [[1, '-no cannot be a tag.']]);
  t.match(problems(`a,Hall,${Array.from({ length: 21 }, (_, at) => `t${at}`).join('|')}`), [[1, /20 tags/]]);
});

t.test('the tokens as CSV', async (t) => {
  const list = {
    enrolUrl: 'https://x:1',
    expiresAt: '2027-01-01T00:00:00Z',
    items: [{ name: 'a', token: 's.f' }],
  };
  t.equal(tokensCsv(list), 'name,enrol_url,claim_token,until\na,https://x:1,s.f,2027-01-01T00:00:00Z');
});
