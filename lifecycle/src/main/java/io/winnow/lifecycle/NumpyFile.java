package io.winnow.lifecycle;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Arrays in NumPy's format {@code .npy}, as {@code numpy.save} and {@code numpy.load} have it
 * (NumPy Enhancement Proposal 1): a magic word, a version, a header in Python's syntax, then the
 * elements. Little endian, row-major.
 */
final class NumpyFile {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int HEADER_MAX = 1 << 16;
  private static final int ALIGNMENT = 64;
  private static final int CHUNK_BYTES = 1 << 20;
  private static final Pattern TYPE = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9, ]*)\\)");

  private NumpyFile() {}

  /**
   * A matrix.
   *
   * @param values row-major, shape (rows, columns)
   * @param bytes the size of the file that it was read from
   * @param sha256 of the bytes that it was read from, lower-case hexadecimal
   */
  record Matrix(float[] values, int rows, int columns, long bytes, String sha256) {}

  /** What a header says. */
  private record Header(String type, String order, String shape, long dataAt) {}

  /**
   * Reads a matrix of 32-bit floating-point numbers.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} naming the file, what it holds and what
   *     is expected
   */
  static Matrix readFloats(Path file) {
    try (InputStream content = Files.newInputStream(file)) {
      long fileBytes = Files.size(file);
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      InputStream in = new DigestInputStream(content, digest);
      Header header = header(file, fileBytes, in);
      int[] shape = shape(file, header);
      long size = Math.multiplyExact((long) shape[0], shape[1]);
      if (shape[0] < 1 || shape[1] < 1 || size > Integer.MAX_VALUE - 8) {
        throw WinnowException.invalid(
            file.toString(), "shape (" + header.shape() + ")", "1 to 2,147,483,639 numbers");
      }
      long bytes = fileBytes - header.dataAt();
      if (bytes != size * Float.BYTES) {
        throw WinnowException.invalid(
            file.toString(),
            bytes + " bytes of numbers",
            size * Float.BYTES + ", as its shape (" + header.shape() + ") says");
      }
      float[] values = readAll(file, in, (int) size);
      String sha256 = HexFormat.of().formatHex(digest.digest());
      return new Matrix(values, shape[0], shape[1], fileBytes, sha256);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    } catch (NoSuchFileException e) {
      throw new WinnowException(ErrorCode.NOT_FOUND, file + ": no such file", e);
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /** The two sizes of a matrix of numbers of the one type that is read. */
  private static int[] shape(Path file, Header header) {
    List<String> sizes = Arrays.stream(header.shape().split(",", -1)).map(String::strip).toList();
    if (sizes.getLast().isEmpty()) {
      sizes = sizes.subList(0, sizes.size() - 1); // A tuple may end with a comma.
    }
    if (!sizes.stream().allMatch(size -> size.matches("[0-9]+"))) {
      throw WinnowException.invalid(
          file.toString(),
          "shape (" + header.shape() + ")",
          "whole numbers with commas between them, such as (1000, 64)");
    }
    int[] shape =
        sizes.stream()
            .mapToInt(size -> size.length() > 9 ? Integer.MAX_VALUE : Integer.parseInt(size))
            .toArray();
    if (!header.type().equals("<f4") || header.order().equals("True") || shape.length != 2) {
      throw WinnowException.invalid(
          file.toString(),
          "type %s, %sshape (%s)"
              .formatted(
                  header.type(),
                  header.order().equals("True") ? "in Fortran's order, " : "",
                  header.shape()),
          "type <f4 (numpy.float32), in C's order, shape (N, E)");
    }
    return shape;
  }

  private static Header header(Path file, long fileBytes, InputStream in) throws IOException {
    byte[] start = in.readNBytes(MAGIC.length + 2);
    boolean magic = Arrays.equals(Arrays.copyOf(start, MAGIC.length), MAGIC);
    int version = start.length == MAGIC.length + 2 ? start[MAGIC.length] : 0;
    if (!magic || version < 1 || version > 3) {
      throw WinnowException.invalid(
          file.toString(), fileBytes + " bytes of another format", "a .npy file, versions 1-3");
    }
    int lengthBytes = version == 1 ? Short.BYTES : Integer.BYTES;
    // Padded to four bytes: what is not there reads as zeros, and is refused as too short below.
    ByteBuffer stated =
        ByteBuffer.wrap(Arrays.copyOf(in.readNBytes(lengthBytes), Integer.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    int length = stated.getInt();
    long dataAt = start.length + lengthBytes + (long) length;
    if (length < 0 || length > HEADER_MAX || dataAt > fileBytes) {
      throw WinnowException.invalid(
          file.toString(), "a header of " + length + " bytes", "one that the file holds");
    }
    String text = new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
    return new Header(
        find(file, TYPE, text), find(file, ORDER, text), find(file, SHAPE, text), dataAt);
  }

  private static String find(Path file, Pattern pattern, String header) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw WinnowException.invalid(
          file.toString(),
          "header " + header.strip(),
          "descr (a type), fortran_order and shape, as numpy.save writes them");
    }
    return matcher.group(1).strip();
  }

  private static float[] readAll(Path file, InputStream in, int size) throws IOException {
    float[] values = new float[size];
    int perChunk = CHUNK_BYTES / Float.BYTES;
    for (int from = 0; from < size; from += perChunk) {
      int count = Math.min(perChunk, size - from);
      byte[] chunk = in.readNBytes(count * Float.BYTES);
      if (chunk.length < count * Float.BYTES) {
        throw new EOFException(file + " became shorter while it was read");
      }
      ByteBuffer.wrap(chunk)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .get(values, from, count);
    }
    return values;
  }

  /** Writes numbers of 32 bits. */
  static void writeFloats(Path file, float[] values, int... shape) throws IOException {
    write(file, "<f4", values.length, shape, (buffer, i) -> buffer.putFloat(values[i]));
  }

  /** Writes whole numbers of 32 bits. */
  static void writeInts(Path file, int[] values, int... shape) throws IOException {
    write(file, "<i4", values.length, shape, (buffer, i) -> buffer.putInt(values[i]));
  }

  /** Puts an element into a buffer. */
  private interface Element {
    void put(ByteBuffer buffer, int index);
  }

  private static void write(Path file, String type, int size, int[] shape, Element element)
      throws IOException {
    String dimensions =
        Arrays.stream(shape).mapToObj(n -> n + ",").collect(Collectors.joining(" "));
    String text =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }".formatted(type, dimensions);
    int unpadded = MAGIC.length + 4 + text.length() + 1;
    String header = text + " ".repeat(Math.floorMod(-unpadded, ALIGNMENT)) + "\n";
    ByteBuffer start =
        ByteBuffer.allocate(MAGIC.length + 4 + header.length()).order(ByteOrder.LITTLE_ENDIAN);
    start.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) header.length());
    start.put(header.getBytes(StandardCharsets.US_ASCII));
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      out.write(start.array());
      int perChunk = CHUNK_BYTES / Integer.BYTES;
      ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (int from = 0; from < size; from += perChunk) {
        chunk.clear();
        for (int i = from; i < Math.min(size, from + perChunk); i++) {
          element.put(chunk, i);
        }
        out.write(chunk.array(), 0, chunk.position());
      }
    }
  }
}
