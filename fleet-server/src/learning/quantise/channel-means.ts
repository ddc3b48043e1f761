/** Mean of each channel of a tensor [1, channels, …] over pictures and places. */
export class ChannelMeans {
  #sums = new Float64Array();
  #pictures = 0;

  add(values: Float32Array, channels: number): void {
    if (this.#sums.length !== channels) this.#sums = new Float64Array(channels);
    const places = values.length / channels;
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let at = channel * places; at < (channel + 1) * places; at++) sum += values[at]!;
      this.#sums[channel]! += sum / places;
    }
    this.#pictures++;
  }

  values(): Float64Array {
    return this.#sums.map((sum) => sum / Math.max(1, this.#pictures));
  }
}
