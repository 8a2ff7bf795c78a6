package io.winnow.serving.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.winnow.core.Seed;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class JsonBytesTest {
  private static String written(JsonBytes json) {
    return new String(json.toBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void number_anyFloat_isReadBackBitForBit() throws JsonProcessingException {
    RandomGenerator random = new Seed(4).generator("floats");
    int finite = 0;
    for (int i = 0; i < 100_000; i++) {
      float value =
          switch (i % 3) {
            case 0 -> Float.intBitsToFloat(random.nextInt());
            case 1 -> random.nextInt(40_000_000) - 20_000_000;
            default -> random.nextFloat();
          };
      String text = written(new JsonBytes(0).number(value));
      if (Float.isFinite(value)) {
        finite++;
        assertEquals(
            Float.floatToRawIntBits(value), Float.floatToRawIntBits(Float.parseFloat(text)), text);
        assertTrue(TestServer.JSON.readTree(text).isNumber(), text);
      } else {
        assertEquals("null", text);
      }
    }
    assertTrue(finite > 90_000);
    assertEquals("-0.0", written(new JsonBytes(0).number(-0.0f)));
    assertEquals("3", written(new JsonBytes(0).number(3f)));
    assertEquals("null", written(new JsonBytes(0).number(Float.NaN)));
  }

  @Test
  void number_anyLong_isWhatJavaWrites() {
    RandomGenerator random = new Seed(4).generator("longs");
    for (int i = 0; i < 10_000; i++) {
      long value = random.nextLong() >> random.nextInt(64);
      assertEquals(Long.toString(value), written(new JsonBytes(0).number(value)));
    }
    for (long value : new long[] {0, 9, 10, Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
      assertEquals(Long.toString(value), written(new JsonBytes(0).number(value)));
    }
  }

  @Test
  void seconds_anyMilliseconds_areExact() {
    for (long ms :
        new long[] {0, 1, 10, 100, 120, 123, 999, 1_000, 1_001, 60_050, 31_536_000_007L}) {
      String text = written(new JsonBytes(0).seconds(ms));
      assertEquals(0, BigDecimal.valueOf(ms, 3).compareTo(new BigDecimal(text)), text);
      assertTrue(!text.contains(".") || !text.endsWith("0"), text);
    }
  }

  @Test
  void text_anything_isReadBack() throws JsonProcessingException {
    for (String text :
        new String[] {"", "a\"b\\c", "tab\tnewline\nnull\u0000bell\u0007", "é€😀", "/"}) {
      String json = written(new JsonBytes(0).text(text));
      assertEquals(text, TestServer.JSON.readTree(json).textValue(), json);
    }
  }

  @Test
  void again_repeatsWhatWasWritten() {
    JsonBytes json = new JsonBytes(0).raw("abc");
    for (int i = 0; i < 100; i++) {
      json.again(1, 2);
    }
    assertEquals("a" + "bc".repeat(101), written(json));
  }
}
