// A small seeded generator of random numbers (xorshift32), so that a run can be repeated from its seed.
export class Random {
  #state;
  constructor(seed) {
    this.#state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }
  // In [0, 1).
  next() {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state / 4294967296;
  }
  below(n) {
    return Math.floor(this.next() * n);
  }
  between(low, high) {
    return low + this.below(high - low + 1);
  }
  chance(p) {
    return this.next() < p;
  }
  pick(list) {
    return list[this.below(list.length)];
  }
  // One of [weight, value] pairs.
  weighted(pairs) {
    let at = this.next() * pairs.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of pairs) if ((at -= weight) < 0) return value;
    return pairs[pairs.length - 1][1];
  }
  sample(list, count) {
    const rest = [...list];
    const out = [];
    while (out.length < count && rest.length > 0) out.push(rest.splice(this.below(rest.length), 1)[0]);
    return out;
  }
}
