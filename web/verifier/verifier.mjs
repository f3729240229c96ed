// Computes a recorded reply again in a browser tab or in Node: build/wasm/replay.wasm with a packed
// model and a record (docs/verify.md). Nothing leaves the page.
//
//     const verifier = await openVerifier(wasmBytes, modelBytes);
//     const result = await verifier.verify(recordText, { onProgress: (done, all) => … });
//     result.verified, result.difference, result.hash, result.tokens

const SUCCESS = 0, NOT_SUPPORTED = 58;

// The few functions of WASI that the module's C library names. Only text on standard error is real.
function wasi(instance, errors) {
  const decoder = new TextDecoder();
  return new Proxy({}, {
    has: () => true,
    get: (_, name) => {
      if (name !== 'fd_write') return () => NOT_SUPPORTED;
      return (fd, pieces, count, written) => {
        const view = new DataView(instance().exports.memory.buffer);
        let total = 0;
        for (let i = 0; i < count; i++) {
          const at = view.getUint32(pieces + 8 * i, true), size = view.getUint32(pieces + 8 * i + 4, true);
          errors.push(decoder.decode(new Uint8Array(view.buffer, at, size).slice()));
          total += size;
        }
        view.setUint32(written, total, true);
        return SUCCESS;
      };
    },
  });
}

/**
 * @param {BufferSource} wasm the bytes of replay.wasm
 * @param {Uint8Array} model the bytes of a .parley file
 * @param {{checkContent?: boolean}} options checkContent: hold every section against its SHA-256 (default)
 */
export async function openVerifier(wasm, model, options = {}) {
  const errors = [];
  let instance;
  const compiled = await WebAssembly.compile(wasm);
  const imports = {};
  for (const { module } of WebAssembly.Module.imports(compiled)) imports[module] = wasi(() => instance, errors);
  instance = await WebAssembly.instantiate(compiled, imports);
  const parley = instance.exports;

  // An error in the module is text on standard error, then a trap.
  const call = (name, ...args) => {
    errors.length = 0;
    try {
      return parley[name](...args);
    } catch (trap) {
      throw errors.length ? new Error(errors.join('').trim()) : trap;
    }
  };
  const text = (pointer) => {
    const bytes = new Uint8Array(parley.memory.buffer, pointer);
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)));
  };
  const put = (bytes) => {
    const at = call('parley_allocate', bytes.length);
    if (at === 0) throw new Error(`no memory for ${bytes.length} bytes`);
    new Uint8Array(parley.memory.buffer, at, bytes.length).set(bytes);
    return at;
  };

  parley._initialize();
  const address = text(call('parley_open', put(model), model.length, options.checkContent === false ? 0 : 1));

  return {
    address,
    /**
     * @param {string} record what `parley generate --record` wrote
     * @param {{chunk?: number, scalar?: boolean, onProgress?: (done: number, all: number) => void | Promise<void>}} options
     */
    async verify(record, { chunk = 16, scalar = false, onProgress } = {}) {
      const bytes = new TextEncoder().encode(record), at = put(bytes);
      const all = call('parley_start', at, bytes.length, chunk, scalar ? 1 : 0);
      call('parley_free', at);
      while (call('parley_step')) {
        if (onProgress) await onProgress(call('parley_token_count'), all);
      }
      const tokens = [];
      for (let i = 0; i < call('parley_token_count'); i++) tokens.push(call('parley_token', i));
      const difference = text(call('parley_difference'));
      return { verified: difference === '', difference, hash: text(call('parley_hash')), tokens };
    },
  };
}
