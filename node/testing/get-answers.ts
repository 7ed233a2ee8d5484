/** Answers to gets, cut out of what comes. */
export class GetAnswers {
  #text = '';

  /** The answers that are whole now: an item's value, or nothing where there was none. */
  *push(text: string): Generator<string | undefined> {
    this.#text += text;
    for (let length = this.#wholeLength(); length > 0; length = this.#wholeLength()) {
      const answer = this.#text.slice(0, length);
      this.#text = this.#text.slice(length);
      yield answer.startsWith('VALUE ') ? answer.slice(answer.indexOf('\r\n') + 2, -'\r\nEND\r\n'.length) : undefined;
    }
  }

  #wholeLength(): number {
    const lineEnd = this.#text.indexOf('\r\n') + 2;
    const bytes = /^VALUE \S+ \d+ (\d+)\r\n/.exec(this.#text)?.[1];
    const length = bytes === undefined ? lineEnd : lineEnd + Number(bytes) + '\r\nEND\r\n'.length;
    return lineEnd >= 2 && this.#text.length >= length ? length : 0;
  }
}
