import { TranscriptStage } from './transcript-stage.ts';

const rule = '----';

/**
 * Plays a transcript: a story in plain text, of blocks. A block is one or more commands, a rule of four dashes, and then,
 * up to an empty line, what came of them. Lines outside of a block that begin with `#` tell the reader what goes on.
 *
 * Gives the same text with what came of the commands this time. The commands are those of {@link TranscriptStage}.
 */
export async function playTranscript(text: string): Promise<string> {
  const stage = new TranscriptStage();
  const played: string[] = [];
  const lines = text.trimEnd().split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    played.push(line);
    if (line === '' || line.startsWith('#')) continue;
    if (line !== rule) stage.noteCommand(line);
    else {
      played.push(...(await stage.run()));
      while (at + 1 < lines.length && lines[at + 1] !== '') at++;
    }
  }
  return `${played.join('\n')}\n`;
}
