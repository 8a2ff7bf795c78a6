package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NumpyFileTest {
  @TempDir Path folder;

  private String refused(byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("a.npy"), content);
    WinnowException refusal = assertThrows(WinnowException.class, () -> NumpyFile.readFloats(file));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refusal.code());
    assertTrue(String.valueOf(refusal.getMessage()).startsWith(file.toString()));
    return String.valueOf(refusal.getMessage());
  }

  /** What numpy.save writes: magic, version, length of the header, header. */
  private static byte[] file(String header, int numbers) {
    byte[] text = header.getBytes(StandardCharsets.US_ASCII);
    byte[] content = new byte[10 + text.length + 4 * numbers];
    System.arraycopy(HexFormat.of().parseHex("934e554d50590100"), 0, content, 0, 8);
    content[8] = (byte) text.length;
    content[9] = (byte) (text.length >> 8);
    System.arraycopy(text, 0, content, 10, text.length);
    return content;
  }

  @Test
  void readFloats_whatWasWritten_isTheSame() throws IOException {
    for (int rows : new int[] {1, 3, 70_000}) {
      float[] values = new float[rows * 5];
      for (int i = 0; i < values.length; i++) {
        values[i] = i * 0.1f;
      }
      Path file = folder.resolve(rows + ".npy");
      NumpyFile.writeFloats(file, values, rows, 5);
      NumpyFile.Matrix matrix = NumpyFile.readFloats(file);
      assertArrayEquals(values, matrix.values());
      assertEquals(rows, matrix.rows());
      assertEquals(5, matrix.columns());
      assertEquals(0, (Files.size(file) - values.length * 4L) % 64, "NumPy aligns the data");
    }
  }

  @Test
  void readFloats_bytesOfNumpy_areRead() throws IOException {
    // numpy.save of numpy.array([[1, 2.5]], dtype=numpy.float32), version 1.24
    byte[] content = file("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }   \n", 2);
    System.arraycopy(
        HexFormat.of().parseHex("0000803f00002040"), 0, content, content.length - 8, 8);
    NumpyFile.Matrix matrix =
        NumpyFile.readFloats(Files.write(folder.resolve("numpy.npy"), content));
    assertArrayEquals(new float[] {1, 2.5f}, matrix.values());
  }

  @Test
  void readFloats_otherTypesAndShapes_areRefused() throws IOException {
    assertTrue(
        refused(file("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }", 4))
            .contains("type <f8, shape (1, 2) (expected: type <f4 (numpy.float32)"));
    assertTrue(
        refused(file("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", 2))
            .contains("in Fortran's order"));
    assertTrue(
        refused(file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 2))
            .contains("shape (2,)"));
    assertTrue(
        refused(file("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 2), }", 0))
            .contains("shape (0, 2)"));
    assertTrue(
        refused(file("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 2), }", 0))
            .contains("2,147,483,639"));
    assertTrue(refused(file("{'shape': (1, 2), }", 2)).contains("as numpy.save writes"));
  }

  @Test
  void readFloats_shapeThatIsNoTuple_isRefused() throws IOException {
    for (String shape : List.of("3 4,", "3,,4", ",", "3, 4 5", ",3,4")) {
      assertTrue(
          refused(file("{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }", 12))
              .contains("shape (" + shape + ") (expected: whole numbers with commas"),
          shape);
    }
    String many = "1,".repeat(100);
    assertTrue(
        refused(file("{'descr': '<f4', 'fortran_order': False, 'shape': (" + many + ")}", 1))
            .contains("shape (N, E)"));
  }

  @Test
  void readFloats_tellsSizeAndHashOfTheBytesThatItRead() throws Exception {
    Path file = folder.resolve("hashed.npy");
    NumpyFile.writeFloats(file, new float[700_000], 100_000, 7);
    NumpyFile.Matrix matrix = NumpyFile.readFloats(file);
    byte[] content = Files.readAllBytes(file);
    assertEquals(content.length, matrix.bytes());
    assertEquals(
        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content)),
        matrix.sha256());
  }

  @Test
  void readFloats_cutAnywhere_isRefused() throws IOException {
    byte[] whole = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 4);
    for (int length = 0; length < whole.length; length++) {
      refused(Arrays.copyOf(whole, length));
    }
    refused(Arrays.copyOf(whole, whole.length + 1));
  }

  @Test
  void readFloats_noFile_isNotFound() {
    WinnowException refusal =
        assertThrows(WinnowException.class, () -> NumpyFile.readFloats(folder.resolve("none.npy")));
    assertEquals(ErrorCode.NOT_FOUND, refusal.code());
  }
}
