import t from 'tap';
import { LogBook, withoutSecrets } from '../src/log-book.js';

t.test('the book keeps the newest lines and no more than it may', async (t) => {
  const book = new LogBook(1000);
  for (let i = 0; i < 500; i++) book.write(`line ${i}\n`);
  const all = book.newest(1_000_000);
  t.ok(Buffer.byteLength(all) <= 1000);
  t.ok(Buffer.byteLength(all) > 700);
  t.ok(all.endsWith('line 499\n'));
  t.ok(all.startsWith('line '), 'whole lines');
  t.equal(book.newest(20), 'line 498\nline 499\n');
  t.equal(book.newest(3), '');
  book.write(`${'x'.repeat(2000)}\n`);
  t.equal(book.newest(9), 'line 499\n', 'a line that is too long is left out');
});

t.test('what must not leave the device is masked', async (t) => {
  const hidden: [line: string, kept: RegExp][] = [
    ['rtsp://ann:s3cret@10.0.0.1/a failed', /rtsp:\/\/ann:\*\*\*@10\.0\.0\.1\/a failed/],
    ['{"password":"s3cret","port":1}', /"password":"\*\*\*","port":1/],
    ['{"msg":"{\\"token\\":\\"s3cret\\"}"}', /\*\*\*/],
    ['rtspsrc user-pw=s3cret ! x', /user-pw=\*\*\* ! x/],
    ['Authorization: Bearer s3cret', /Authorization: \*\*\*/],
    ['-----BEGIN PRIVATE KEY-----\\ns3cret\\n-----END PRIVATE KEY----- end', /^\*\*\* end/],
    ['claimToken=s3cret', /\*\*\*/],
  ];
  for (const [line, kept] of hidden) {
    t.notMatch(withoutSecrets(line), /s3cret/, line);
    t.match(withoutSecrets(line), kept);
  }
  const plain = '{"level":30,"code":"claim_token_invalid","msg":"settings in force","tookMs":12}';
  t.equal(withoutSecrets(plain), plain);
});
