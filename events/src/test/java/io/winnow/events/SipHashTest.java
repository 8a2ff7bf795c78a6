package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SipHashTest {
  /** The key of the reference code's test vectors; its inputs are 0, 1, 2, … of each length. */
  private static final SipHash HASH = new SipHash(0x0706050403020100L, 0x0F0E0D0C0B0A0908L);

  private static byte[] input(int from, int length) {
    byte[] input = new byte[from + length];
    for (int i = 0; i < length; i++) {
      input[from + i] = (byte) i;
    }
    return input;
  }

  @Test
  void hash64_referenceInputs_givesTheReferenceValues() {
    Map<Integer, String> expected =
        Map.of(
            0, "310e0edd47db6f72",
            1, "fd67dc93c539f874",
            8, "6224939a79f5f593",
            63, "724506eb4c328a95",
            15, "e545be4961ca29a1");
    expected.forEach((length, value) -> assertEquals(value, hex64(length)));
  }

  private static String hex64(int length) {
    ByteBuffer out = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(HASH.hash64(input(3, length), 3, length));
    return HexFormat.of().formatHex(out.array());
  }

  @Test
  void hash128_referenceInputs_givesTheReferenceValues() {
    Map<Integer, String> expected =
        Map.of(
            0, "a3817f04ba25a8e66df67214c7550293",
            1, "da87c1d86b99af44347659119b22fc45",
            16, "6ee2a4ca67b054bbfd3315bf85230577",
            63, "5150d1772f50834a503e069a973fbd7c");
    expected.forEach((length, value) -> assertEquals(value, hex128(length)));
  }

  private static String hex128(int length) {
    long[] hash = new long[3];
    HASH.hash128(input(5, length), 5, length, hash, 1);
    ByteBuffer out = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(hash[1]).putLong(hash[2]);
    return HexFormat.of().formatHex(out.array());
  }
}
