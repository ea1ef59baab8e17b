// SPDX-License-Identifier: EUPL-1.2
// A PNG of one colour.
import zlib from 'node:zlib';

export const png = (side) => {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]), all = Buffer.alloc(body.length + 8);
    all.writeUInt32BE(data.length); body.copy(all, 4); all.writeUInt32BE(zlib.crc32(body), body.length + 4);
    return all;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side); head.writeUInt32BE(side, 4); head.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(side * 3, 120)]);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', zlib.deflateSync(Buffer.concat(Array(side).fill(row)))), chunk('IEND', Buffer.alloc(0))]);
};
