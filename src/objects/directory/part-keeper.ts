import { throwIfAborted } from '../../errors.ts';
import type { BodyBytes } from '../object-store.ts';
import { removeDoomed, type StoreGround, strikeOff } from './collect-orphans.ts';
import { FileOwner } from './file-owner.ts';

/** After so many removed files the list of the doomed is put in order. */
const strikeOffCount = 500;

/**
 * Keeps files and catalogue in step, whatever is interrupted where: what the catalogue names is on the disk, whole, and
 * what is on the disk without being named is found by collectOrphans.
 */
export class PartKeeper {
  readonly #ground: StoreGround;
  #owner: Promise<FileOwner> | undefined;
  /** Files that are gone and still on the catalogue's list of the doomed. */
  #removed: string[] = [];
  /** True if doomed files were left, or left on the list: then only the whole list says what is to be done. */
  #isBehind = false;

  constructor(ground: StoreGround) {
    this.#ground = ground;
  }

  /**
   * Writes a new file, then runs `enter` with its name as a transaction, then removes the files which that one answered
   * as replaced. If the transaction does not come about, nothing is left of the file. Messages call the body `label`.
   */
  async store(
    body: BodyBytes,
    label: string,
    signal: AbortSignal,
    enter: (file: string) => readonly string[],
  ): Promise<void> {
    const { catalogue, partFiles } = this.#ground;
    const owner = await this.#claimOwner();
    const file = owner.newFileName();
    let replaced: readonly string[];
    try {
      await partFiles.write(file, body, label, signal);
      throwIfAborted(signal);
      replaced = await catalogue.change(signal, () => enter(file));
    } catch (error) {
      await this.#takeBack(owner, file);
      throw error;
    }
    await this.remove(replaced, signal);
  }

  async #takeBack(owner: FileOwner, file: string): Promise<void> {
    if (this.#ground.catalogue.inDoubt) {
      owner.leaveFiles();
      return;
    }
    try {
      await this.#ground.partFiles.removeFailed(file);
    } catch {
      // The caller is told why the write failed, which is what has to be mended; the collector deals with the rest.
      owner.leaveFiles();
    }
  }

  /**
   * Removes files that a transaction has doomed. What the caller wanted has come about with the transaction, so a failure
   * here is none of the call's: closing tries again, and says what stood in the way.
   */
  async remove(files: readonly string[], signal: AbortSignal): Promise<void> {
    const { partFiles } = this.#ground;
    try {
      await partFiles.remove(files);
      this.#removed.push(...files);
      if (this.#removed.length >= strikeOffCount) await this.#strikeOff(signal);
    } catch {
      this.#removed = [];
      this.#isBehind = true;
    }
  }

  async #strikeOff(signal: AbortSignal): Promise<void> {
    const files = this.#removed;
    if (files.length === 0) return;
    this.#removed = [];
    await strikeOff(files, this.#ground, signal);
  }

  async #claimOwner(): Promise<FileOwner> {
    this.#owner ??= FileOwner.claim(this.#ground.ownersFolder, this.#ground.files);
    try {
      return await this.#owner;
    } catch (error) {
      this.#owner = undefined;
      throw error;
    }
  }

  /** Puts the list of the doomed in order and ends the ownership. Nothing may be stored or removed any more. */
  async close(signal: AbortSignal): Promise<void> {
    try {
      if (this.#isBehind) await removeDoomed(this.#ground, signal);
      else await this.#strikeOff(signal);
    } finally {
      const owner = await this.#owner;
      this.#owner = undefined;
      await owner?.release(this.#ground.files);
    }
  }
}
