import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  compareWithKnown,
  type KnownFailures,
  knownFailuresText,
  knownOver,
  readKnownFailures,
  withFailures,
  withoutBetter,
} from '../../scripts/compat/known-failures.ts';
import type { CaseResult } from '../../scripts/compat/run-case.ts';

const known: KnownFailures = [
  { reason: 'later', dir: ['A_one', 'A_two'], versitygw: ['A_one'] },
  { reason: 'never', versitygw: ['B_one'] },
];

const result = (name: string, verdict: CaseResult['verdict'] = 'failed'): CaseResult => ({ name, verdict, why: 'so' });

it('the file is as a run would write it', () => {
  const path = new URL('./known-failures.json', import.meta.url);
  expect(knownFailuresText(readKnownFailures())).toBe(readFileSync(path, 'utf8'));
});

it('what is known is known of one store', () => {
  expect([...knownOver(known, 'dir')]).toEqual([
    ['A_one', 'later'],
    ['A_two', 'later'],
  ]);
  expect([...knownOver(known, 'versitygw').keys()]).toEqual(['A_one', 'B_one']);
});

it('a case that fails, crashes or does not end may do so if it is known, and one that is known may pass', () => {
  const results = [
    result('A_one', 'passed'),
    result('A_two', 'crashed'),
    result('C_one'),
    result('C_two', 'timed out'),
    result('C_three', 'passed'),
  ];
  const { unexpected, better } = compareWithKnown(results, knownOver(known, 'dir'), []);
  expect(unexpected.map(({ name }) => name)).toEqual(['C_one', 'C_two']);
  expect(better).toEqual(['A_one']);
});

it('a case that versitygw itself fails is not better if it passes for once', () => {
  const compare = (verdict: CaseResult['verdict']) =>
    compareWithKnown([result('A_one', 'passed')], knownOver(known, 'dir'), [result('A_one', verdict)]).better;
  expect([compare('passed'), compare('failed'), compare('timed out')]).toEqual([['A_one'], [], []]);
});

it('the list shrinks by what passes over that store, and reasons go that nothing is left of', () => {
  expect(withoutBetter(known, 'versitygw', ['A_one', 'B_one'])).toEqual([
    { reason: 'later', dir: ['A_one', 'A_two'], versitygw: [] },
  ]);
  expect(withoutBetter(known, 'dir', [])).toMatchObject(known);
});

it('what is accepted stands in the list once, in order, for one reason', () => {
  const more = withFailures(known, 'dir', 'later', ['A_zero', 'A_one']);
  expect(more.find(({ reason }) => reason === 'later')).toEqual({
    reason: 'later',
    dir: ['A_one', 'A_two', 'A_zero'],
    versitygw: ['A_one'],
  });
  expect(withFailures(known, 'dir', 'new', ['C_one'])).toEqual([...known, { reason: 'new', dir: ['C_one'] }]);
  const moved = withFailures(known, 'dir', 'never', ['A_one']);
  expect(knownOver(moved, 'dir')).toEqual(
    new Map([
      ['A_two', 'later'],
      ['A_one', 'never'],
    ]),
  );
  expect(known[0]!.dir).toEqual(['A_one', 'A_two']);
});
