package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class LogCodecTest {
  /** One record of each kind with every field set; their bytes are in the fixture. */
  private static final List<LogRecord> GOLDEN =
      List.of(
          new LogRecord.Happened(
              new Event(
                  "e-1",
                  "watch",
                  new UserId("ü1"),
                  new ItemId("i1"),
                  1_700_000_000_123L,
                  12.5,
                  "r-1",
                  null)),
          new LogRecord.Happened(
              new Event("e-2", "click", new UserId("u"), new ItemId("i"), -1, Double.NaN)),
          new LogRecord.Happened(
              new Event(
                  "e-3",
                  "impression",
                  new UserId("u"),
                  new ItemId("i"),
                  1,
                  Double.NaN,
                  null,
                  new Impression(
                      "r-2",
                      9,
                      0.25,
                      new Impression.Provenance("v7", "b", "two_tower", -1.5),
                      300,
                      0x0123456789ABCDEFL,
                      new float[] {0, -0f, 1.5f, Float.NaN}))),
          new LogRecord.ItemPut(
              new ItemId("i2"),
              Map.of(
                  "text", new AttributeValue.Text("Über"),
                  "tokens", new AttributeValue.Tokens(List.of("a", "b")),
                  "number", new AttributeValue.Numeric(-0.5),
                  "time", new AttributeValue.Time(-5)),
              true,
              7),
          new LogRecord.ItemRemoved(new ItemId("i3"), 8),
          new LogRecord.UserPut(
              new UserId("u3"), Map.of("country", new AttributeValue.Text("AT")), 9),
          new LogRecord.Exposed(
              new Exposure(
                  "r-3",
                  new UserId("ü1"),
                  "session-1",
                  "ranking",
                  2,
                  "treatment",
                  0.125,
                  Map.of("device", "phone", "app", "é")),
              1_700_000_000_124L));

  @Test
  void encode_golden_givesTheBytesOfVersion1() throws IOException {
    List<String> lines;
    try (InputStream in = assertNotNullStream()) {
      lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
    assertEquals(lines, Samples.encoded(GOLDEN));
    for (int i = 0; i < GOLDEN.size(); i++) {
      LogRecord decoded = LogCodec.decode(HexFormat.of().parseHex(lines.get(i)));
      if (i != 2) {
        assertEquals(GOLDEN.get(i), decoded);
      }
    }
  }

  private static InputStream assertNotNullStream() {
    InputStream in = LogCodecTest.class.getResourceAsStream("log-records-v1.hex");
    assertNotNull(in);
    return in;
  }

  @Test
  void decode_impression_givesTheSameFeatureBits() {
    LogRecord decoded = LogCodec.decode(LogCodec.encode(GOLDEN.get(2)));
    Impression impression =
        assertInstanceOf(LogRecord.Happened.class, decoded).event().impression();
    assertNotNull(impression);
    Impression wanted =
        assertInstanceOf(LogRecord.Happened.class, GOLDEN.get(2)).event().impression();
    assertNotNull(wanted);
    assertArrayEquals(wanted.features(), impression.features());
    assertEquals(Float.floatToRawIntBits(-0f), Float.floatToRawIntBits(impression.features()[1]));
    assertEquals(wanted.provenance(), impression.provenance());
  }

  @Test
  void decode_generated_isTheInverseOfEncode() {
    List<LogRecord> records = Samples.mixed(3, 2000);
    List<LogRecord> again = records.stream().map(r -> LogCodec.decode(LogCodec.encode(r))).toList();
    assertEquals(Samples.encoded(records), Samples.encoded(again));
  }

  @Test
  void decode_anyBytes_isARecordOrCorruptAndNothingElse() {
    RandomGenerator random = new Seed(5).generator("fuzz");
    int corrupt = 0;
    for (LogRecord logRecord : Samples.mixed(4, 300)) {
      byte[] bytes = LogCodec.encode(logRecord);
      for (int n = 0; n < 30; n++) {
        byte[] changed = bytes.clone();
        for (int k = random.nextInt(1, 4); k > 0; k--) {
          changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
        }
        int length = random.nextInt(5) == 0 ? random.nextInt(changed.length) : changed.length;
        try {
          LogCodec.decode(changed, 0, length);
        } catch (WinnowException e) {
          assertEquals(ErrorCode.CORRUPT, e.code());
          corrupt++;
        }
      }
    }
    assertTrue(corrupt > 1000, "damage was found " + corrupt + " times");
  }

  @Test
  void decode_laterVersion_isRefusedByName() {
    byte[] bytes = LogCodec.encode(GOLDEN.getFirst());
    bytes[0] = 2;
    WinnowException refused = assertThrows(WinnowException.class, () -> LogCodec.decode(bytes));
    assertTrue(String.valueOf(refused.getMessage()).contains("version 2"));
  }
}
