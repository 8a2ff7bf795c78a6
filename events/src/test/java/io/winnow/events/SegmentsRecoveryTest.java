package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way in which the end of a log, or its middle, can be damaged. */
final class SegmentsRecoveryTest {
  private static final int FRAMES = 8;
  private static final int PAYLOAD_BYTES_MAX = 1000;

  @TempDir Path folder;

  /** Payloads of differing length; frame k starts at starts[k], the file ends at starts[FRAMES]. */
  private final List<byte[]> payloads = new ArrayList<>();

  private final int[] starts = new int[FRAMES + 1];

  private byte[] intactFile() throws IOException {
    RandomGenerator random = new Seed(11).generator("payloads");
    try (Segments segments = open()) {
      starts[0] = Frame.HEADER_BYTES;
      for (int k = 0; k < FRAMES; k++) {
        byte[] payload = new byte[1 + random.nextInt(40)];
        random.nextBytes(payload);
        payloads.add(payload);
        segments.append(List.of(Samples.frames(payload)));
        starts[k + 1] = starts[k] + Frame.OVERHEAD_BYTES + payload.length;
      }
    }
    byte[] bytes = Files.readAllBytes(segment());
    assertEquals(starts[FRAMES], bytes.length);
    return bytes;
  }

  private Segments open() throws IOException {
    return Segments.open(folder, 1 << 20, PAYLOAD_BYTES_MAX, LogFile::open);
  }

  private Path segment() {
    return folder.resolve("%019d.log".formatted(0));
  }

  private static SortedMap<Long, byte[]> read(Segments segments) throws IOException {
    SortedMap<Long, byte[]> read = new TreeMap<>();
    segments.replay(
        0,
        segments.endOffset(),
        (offset, bytes, from, length) ->
            read.put(offset, Arrays.copyOfRange(bytes, from, from + length)));
    return read;
  }

  /** Opens what is in the folder, expects these frames, appends one, opens again and expects it. */
  private void assertHolds(List<Integer> frames) throws IOException {
    byte[] added = {42};
    long end;
    try (Segments segments = open()) {
      assertFrames(frames, read(segments));
      end = segments.endOffset();
      assertEquals(frames.isEmpty() ? 0 : frames.getLast() + 1, end);
      segments.append(List.of(Samples.frames(added)));
    }
    try (Segments segments = open()) {
      SortedMap<Long, byte[]> read = read(segments);
      assertArrayEquals(added, read.remove(end));
      assertFrames(frames, read);
    }
  }

  private void assertFrames(List<Integer> frames, SortedMap<Long, byte[]> read) {
    assertEquals(frames.stream().map(Integer::longValue).toList(), List.copyOf(read.keySet()));
    for (int frame : frames) {
      assertArrayEquals(payloads.get(frame), read.get((long) frame));
    }
  }

  private static List<Integer> upTo(int end) {
    return Stream.iterate(0, k -> k + 1).limit(end).toList();
  }

  private List<Path> cuts() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(".cut")).toList();
    }
  }

  private void clean() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void open_cutAtEveryByte_keepsEveryWholeFrameAndTheCutBytes() throws IOException {
    byte[] intact = intactFile();
    for (int size = 0; size <= intact.length; size++) {
      clean();
      Files.write(segment(), Arrays.copyOf(intact, size));
      int whole = 0;
      while (whole < FRAMES && starts[whole + 1] <= size) {
        whole++;
      }
      assertHolds(upTo(whole));
      int from = size < Frame.HEADER_BYTES ? 0 : starts[whole];
      List<Path> cuts = cuts();
      assertEquals(size > from ? 1 : 0, cuts.size(), "cut files at size " + size);
      if (size > from) {
        assertArrayEquals(
            Arrays.copyOfRange(intact, from, size), Files.readAllBytes(cuts.getFirst()));
      }
    }
  }

  @Test
  void open_anyByteChanged_losesAtMostTheFrameItIsIn() throws IOException {
    byte[] intact = intactFile();
    for (int at = 0; at < intact.length; at++) {
      for (int change : new int[] {0x01, 0xFF}) {
        clean();
        byte[] changed = intact.clone();
        changed[at] ^= (byte) change;
        Files.write(segment(), changed);
        List<Integer> expected = new ArrayList<>(upTo(FRAMES));
        for (int k = 0; k < FRAMES; k++) {
          int frame = k;
          if (at >= starts[k] && at < starts[k + 1]) {
            expected.removeIf(f -> f == frame);
          }
        }
        assertHolds(expected);
      }
    }
  }

  @Test
  void open_garbageBehindTheEnd_isCut() throws IOException {
    byte[] intact = intactFile();
    RandomGenerator random = new Seed(12).generator("garbage");
    for (int n = 0; n < 60; n++) {
      clean();
      byte[] garbage = new byte[1 + random.nextInt(n % 10 == 0 ? 600_000 : 300)];
      if (n % 3 != 0) {
        random.nextBytes(garbage);
      }
      byte[] bytes = Arrays.copyOf(intact, intact.length + garbage.length);
      System.arraycopy(garbage, 0, bytes, intact.length, garbage.length);
      Files.write(segment(), bytes);
      assertHolds(upTo(FRAMES));
      assertArrayEquals(garbage, Files.readAllBytes(cuts().getFirst()));
    }
  }

  @Test
  void open_onlyGarbage_startsEmpty() throws IOException {
    byte[] garbage = new byte[5000];
    new Seed(13).generator("garbage").nextBytes(garbage);
    Files.write(segment(), garbage);
    assertHolds(List.of());
  }

  @Test
  void replay_damageInAnEarlierSegment_skipsItAndGoesOn() throws IOException {
    int frames = 200;
    try (Segments segments = Segments.open(folder, 1024, PAYLOAD_BYTES_MAX, LogFile::open)) {
      for (int k = 0; k < frames; k++) {
        segments.append(List.of(Samples.frames(new byte[] {(byte) k, 1, 2, 3})));
      }
    }
    List<Path> files;
    try (Stream<Path> listed = Files.list(folder)) {
      files = listed.sorted().toList();
    }
    assertTrue(files.size() >= 3);
    // Frames of 20 bytes: the third of the second file, and the last one of the first file.
    flip(files.get(1), Frame.HEADER_BYTES + 2 * 20 + 18);
    flip(files.get(0), (int) Files.size(files.get(0)) - 1);
    long second = Segment.baseOffsetOf(files.get(1));
    try (Segments segments = Segments.open(folder, 1024, PAYLOAD_BYTES_MAX, LogFile::open)) {
      SortedMap<Long, byte[]> read = read(segments);
      assertEquals(frames - 2, read.size());
      assertFalse(read.containsKey(second + 2));
      assertFalse(read.containsKey(second - 1));
      assertEquals(frames, segments.endOffset());
    }
  }

  private static void flip(Path file, int at) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[at] ^= 1;
    Files.write(file, bytes);
  }

  @Test
  void open_headerOfAnEarlierSegmentDamaged_readsItsFrames() throws IOException {
    try (Segments segments = Segments.open(folder, 1024, PAYLOAD_BYTES_MAX, LogFile::open)) {
      for (int k = 0; k < 100; k++) {
        segments.append(List.of(Samples.frames(new byte[] {(byte) k, 1, 2, 3})));
      }
    }
    flip(segment(), 3);
    try (Segments segments = Segments.open(folder, 1024, PAYLOAD_BYTES_MAX, LogFile::open)) {
      assertEquals(100, read(segments).size());
    }
  }

  @Test
  void open_laterVersion_isRefusedWithTheFileNamed() throws IOException {
    byte[] bytes = new byte[Frame.HEADER_BYTES];
    Frame.header(0).get(bytes);
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(8, 2);
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, 20);
    header.putInt(20, (int) crc.getValue());
    Files.write(segment(), bytes);
    WinnowException refused = assertThrows(WinnowException.class, () -> open().close());
    assertEquals(ErrorCode.CORRUPT, refused.code());
    assertTrue(String.valueOf(refused.getMessage()).contains(segment().toString()));
  }

  @Test
  void header_golden_hasTheBytesOfVersion1() {
    byte[] bytes = new byte[Frame.HEADER_BYTES];
    Frame.header(7).get(bytes);
    assertEquals(
        "57494e4e4f574c0a010000000700000000000000",
        java.util.HexFormat.of().formatHex(bytes, 0, 20));
  }
}
