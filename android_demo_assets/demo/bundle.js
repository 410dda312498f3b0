// A bundle of `python -m export.main` in the browser: hashes and the golden
// pair are checked before anything is computed for anybody.
import { loadAndCompile, Tensor } from "@litertjs/core";

const FORMAT = 3;
const TOLERANCE = 2; // quanta, at most, whatever a contract says
const ARRAYS = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array };

const size = (tensor) => tensor.shape.reduce((a, b) => a * b, 1);

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} is missing (${answer.status})`);
  return answer.arrayBuffer();
}

/** A file whose SHA-256 is known. */
async function whole(url, hash) {
  const content = await fetched(url);
  if ((await sha256(content)) !== hash) {
    throw new Error(`${url} is not the file that was made with the others`);
  }
  return content;
}

/** The largest difference, in steps of bytes or 255ths of the range. */
function apart(tensor, values, wanted) {
  const step = tensor.dtype === "uint8" ? 1 : (Math.max(...wanted) - Math.min(...wanted)) / 255;
  return values.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]) / step), 0);
}

async function sha256(buffer) {
  const digest = await crypto.subtle.digest("SHA-256", buffer);
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** Uniform random bytes of the system, however many. */
export function randomBytes(count) {
  const bytes = new Uint8Array(count);
  for (let i = 0; i < count; i += 65536) {
    crypto.getRandomValues(bytes.subarray(i, i + 65536));
  }
  return bytes;
}

/** One signature of one .tflite file, as a contract describes it. */
export class Part {
  constructor(described, model) {
    this.described = described;
    this.model = model;
  }

  static async of(described, content) {
    const model = await loadAndCompile(new Uint8Array(content), { accelerator: "wasm" });
    return new Part(described, model);
  }

  get inputs() { return this.described.inputs; }

  get output() { return this.described.outputs[0]; }

  /** What comes out for arrays by name: {values, milliseconds}. */
  async run(given) {
    const tensors = {};
    for (const one of this.inputs) {
      const values = given[one.name];
      if (!values || values.length !== size(one)) {
        throw new Error(`"${one.name}" must have ${size(one)} numbers, not ${values?.length}`);
      }
      // A byte of 1 would be 1/255 of a bit: next to no encryption.
      if (one.kind === "key" && !values.every((byte) => byte === 0 || byte === 255)) {
        throw new Error(`bytes of "${one.name}" must be 0 or 255, one a bit`);
      }
      tensors[one.name] = new Tensor(ARRAYS[one.dtype].from(values), one.shape);
    }
    const begin = performance.now();
    const found = await this.model.run(this.described.signature, tensors);
    const values = (await found[this.output.name].data()).slice();
    const milliseconds = performance.now() - begin;
    for (const one of [...Object.values(tensors), ...Object.values(found)]) one.delete();
    return { values, milliseconds };
  }

  delete() { this.model.delete(); }
}

/** The client of a bundle. */
export class Client extends Part {
  static async load(folder) {
    const contract = JSON.parse(new TextDecoder().decode(await fetched(`${folder}/contract.json`)));
    if (contract.format !== FORMAT) {
      throw new Error(`${folder} is of format ${contract.format}; this page reads ${FORMAT}`);
    }
    const described = contract.clients[0];
    const held = {};
    for (const name of [described.file, described.golden.input, described.golden.output]) {
      held[name] = await whole(`${folder}/${name}`, contract.sha256[name]);
    }
    const client = new Client(described, null);
    client.model = (await Part.of(described, held[described.file])).model;
    client.contract = contract;
    await client.checkGolden(held[described.golden.input], held[described.golden.output]);
    return client;
  }

  /** What is sent: noise and keys that are not given are drawn anew. */
  async send(given) {
    const all = { ...given };
    for (const one of this.inputs) {
      if (all[one.name]) continue;
      if (one.kind === "noise") all[one.name] = randomBytes(size(one));
      if (one.kind === "key") all[one.name] = randomBytes(size(one)).map((b) => (b & 1) * 255);
    }
    return { ...(await this.run(all)), given: all };
  }

  async checkGolden(input, expected) {
    const given = {};
    let offset = 0;
    for (const one of this.inputs) {
      given[one.name] = new ARRAYS[one.dtype](input, offset, size(one));
      offset += given[one.name].byteLength;
    }
    const { values } = await this.run(given);
    const wanted = new ARRAYS[this.output.dtype](expected);
    this.golden = { ...given, [this.output.name]: wanted };
    this.goldenDifference = apart(this.output, values, wanted);
    if (!(this.goldenDifference <= Math.min(this.described.golden.tolerance_quanta, TOLERANCE))) {
      throw new Error(`the golden output differs by ${this.goldenDifference} steps on this device`);
    }
  }
}

/** The other parts of a client's demo, see `python -m export.demo`. */
export async function loadDemo(folder, client) {
  const demo = JSON.parse(new TextDecoder().decode(await fetched(`${folder}/demo.json`)));
  if (demo.client_sha256 !== client.contract.sha256[client.described.file]) {
    throw new Error(`${folder} was made with another bundle`);
  }
  demo.roles = await Promise.all(demo.roles.map(async (role) => {
    const part = await Part.of(role, await whole(`${folder}/${role.file}`, role.sha256));
    const wanted = new Float32Array(await whole(`${folder}/${role.golden.file}`, role.golden.sha256));
    const { values } = await part.run(asked(role, client.golden, client));
    const difference = apart(part.output, values, wanted);
    if (!(difference <= Math.min(role.golden.tolerance_quanta, TOLERANCE))) {
      throw new Error(`${role.file} differs by ${difference} steps on this device`);
    }
    return { ...role, part };
  }));
  for (const one of Object.values(demo.samples)) {
    one.values = new Uint8Array(await whole(`${folder}/${one.file}`, one.sha256));
  }
  return demo;
}

/** What a role is given, of all that the client took and gave. */
export function asked(role, all, client) {
  const given = {};
  for (const one of role.inputs) {
    const image = client.inputs.find((held) => held.kind === "image");
    const data = role.reads === "data" ? image : client.output;
    given[one.name] = one.kind === "key" ? all.key : all[data.name];
  }
  return given;
}
