package io.winnow.models;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UTFDataFormatException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * The frame of every model file that is no ONNX network.
 *
 * <pre>
 * int   0x574E4F57 ("WNOW")
 * UTF   kind, such as "ease"
 * int   version of the kind's body
 * …     body, big endian
 * long  CRC32C of all bytes before
 * </pre>
 *
 * <p>A file that is cut short, of another kind or version, or damaged is refused with {@link
 * ErrorCode#CORRUPT} and its name; one that cannot be read or written at all with {@link
 * ErrorCode#UNAVAILABLE}.
 */
public final class ModelFile {
  private static final int MAGIC = 0x574E4F57;
  private static final int BUFFER_BYTES = 1 << 16;

  private ModelFile() {}

  /** Writes a body. */
  @FunctionalInterface
  public interface Writer {
    /** Writes the body's fields. */
    void write(DataOutputStream out) throws IOException;
  }

  /** Reads a body. */
  @FunctionalInterface
  public interface Reader<T> {
    /** Reads the body's fields; it refuses what does not fit. */
    T read(DataInputStream in) throws IOException;
  }

  /** Writes a file, replacing one that is there. */
  public static void write(Path file, String kind, int version, Writer body) {
    CRC32C crc = new CRC32C();
    try (BufferedOutputStream raw =
        new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES)) {
      DataOutputStream out = new DataOutputStream(new CheckedOutputStream(raw, crc));
      out.writeInt(MAGIC);
      out.writeUTF(kind);
      out.writeInt(version);
      body.write(out);
      out.flush();
      new DataOutputStream(raw).writeLong(crc.getValue());
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, file + ": could not be written", e);
    }
  }

  /** Reads a file of a kind and version. */
  public static <T> T read(Path file, String kind, int version, Reader<T> body) {
    CRC32C crc = new CRC32C();
    try (DataInputStream raw =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES))) {
      DataInputStream in = new DataInputStream(new CheckedInputStream(raw, crc));
      expect(file, "magic", in.readInt(), MAGIC);
      expect(file, "kind", in.readUTF(), kind);
      expect(file, "version", in.readInt(), version);
      T model = readBody(file, body, in);
      long computed = crc.getValue();
      expect(file, "checksum", computed, raw.readLong());
      return model;
    } catch (EOFException e) {
      throw new WinnowException(ErrorCode.CORRUPT, file + ": ends too early", e);
    } catch (UTFDataFormatException e) {
      throw new WinnowException(ErrorCode.CORRUPT, file + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, file + ": could not be read", e);
    }
  }

  private static <T> T readBody(Path file, Reader<T> body, DataInputStream in) throws IOException {
    try {
      return body.read(in);
    } catch (IllegalArgumentException | WinnowException e) {
      throw new WinnowException(ErrorCode.CORRUPT, file + ": " + e.getMessage(), e);
    }
  }

  /** Writes the numbers of a configuration; whole ones are as exact as the others. */
  public static void writeDoubles(DataOutputStream out, double... values) throws IOException {
    for (double value : values) {
      out.writeDouble(value);
    }
  }

  /** Reads what {@link #writeDoubles} wrote. */
  public static double[] readDoubles(DataInputStream in, int count) throws IOException {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = in.readDouble();
    }
    return values;
  }

  /** Writes a length and the numbers. */
  public static void writeInts(DataOutputStream out, int[] values) throws IOException {
    out.writeInt(values.length);
    byte[] block = new byte[BUFFER_BYTES];
    for (int from = 0; from < values.length; from += block.length / Integer.BYTES) {
      int n = Math.min(values.length - from, block.length / Integer.BYTES);
      ByteBuffer.wrap(block).asIntBuffer().put(values, from, n);
      out.write(block, 0, n * Integer.BYTES);
    }
  }

  /** Writes a length and the numbers. */
  public static void writeFloats(DataOutputStream out, float[] values) throws IOException {
    out.writeInt(values.length);
    byte[] block = new byte[BUFFER_BYTES];
    for (int from = 0; from < values.length; from += block.length / Float.BYTES) {
      int n = Math.min(values.length - from, block.length / Float.BYTES);
      ByteBuffer.wrap(block).asFloatBuffer().put(values, from, n);
      out.write(block, 0, n * Float.BYTES);
    }
  }

  /** Reads what {@link #writeInts} wrote. */
  public static int[] readInts(DataInputStream in) throws IOException {
    int length = readLength(in);
    int[] values = new int[Math.min(length, BUFFER_BYTES)];
    byte[] block = new byte[BUFFER_BYTES];
    for (int from = 0; from < length; ) {
      int n = Math.min(length - from, block.length / Integer.BYTES);
      in.readFully(block, 0, n * Integer.BYTES);
      values = from + n > values.length ? Arrays.copyOf(values, grown(from, length)) : values;
      ByteBuffer.wrap(block).asIntBuffer().get(values, from, n);
      from += n;
    }
    return values;
  }

  /** Reads what {@link #writeFloats} wrote. */
  public static float[] readFloats(DataInputStream in) throws IOException {
    int length = readLength(in);
    float[] values = new float[Math.min(length, BUFFER_BYTES)];
    byte[] block = new byte[BUFFER_BYTES];
    for (int from = 0; from < length; ) {
      int n = Math.min(length - from, block.length / Float.BYTES);
      in.readFully(block, 0, n * Float.BYTES);
      values = from + n > values.length ? Arrays.copyOf(values, grown(from, length)) : values;
      ByteBuffer.wrap(block).asFloatBuffer().get(values, from, n);
      from += n;
    }
    return values;
  }

  private static int readLength(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0) {
      throw new IllegalArgumentException("length: " + length + " (expected: >= 0)");
    }
    return length;
  }

  /** Grows with what was really read, so that a damaged length cannot take all memory. */
  private static int grown(int have, int length) {
    return (int) Math.min(length, Math.max(4L * have, 4L * BUFFER_BYTES));
  }

  private static void expect(Path file, String field, Object value, Object expected) {
    if (!value.equals(expected)) {
      throw new WinnowException(
          ErrorCode.CORRUPT, file + ": " + field + ": " + value + " (expected: " + expected + ")");
    }
  }
}
