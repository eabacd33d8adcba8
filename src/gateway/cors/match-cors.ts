import type { HeaderField } from '../../s3-protocol/signature/raw-request.ts';
import type { CorsRule } from '../../s3-protocol/xml/read-cors.ts';

/** What a page asks for. */
export interface CorsRequest {
  readonly origin: string;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: readonly string[];
}

/** The first rule that lets a page of this origin do this. */
export function matchCors(rules: readonly CorsRule[], request: CorsRequest): CorsRule | undefined {
  return rules.find(
    (rule) =>
      rule.allowedOrigins.some((pattern) => matchesPattern(pattern, request.origin)) &&
      rule.allowedMethods.includes(request.method) &&
      request.headers.every((name) =>
        rule.allowedHeaders.some((pattern) => matchesPattern(pattern.toLowerCase(), name)),
      ),
  );
}

/** The headers that tell a browser so. */
export function corsHeaders(rule: CorsRule, { origin }: CorsRequest): HeaderField[] {
  const isForAll = rule.allowedOrigins.includes('*');
  const headers: HeaderField[] = [
    ['Access-Control-Allow-Origin', isForAll ? '*' : origin],
    ['Access-Control-Allow-Methods', rule.allowedMethods.join(', ')],
    ['Vary', 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'],
  ];
  if (rule.exposedHeaders.length > 0) headers.push(['Access-Control-Expose-Headers', rule.exposedHeaders.join(', ')]);
  if (!isForAll) headers.push(['Access-Control-Allow-Credentials', 'true']);
  return headers;
}

/** `*` stands for any text, once. */
function matchesPattern(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
}
