package io.winnow.events.importing;

import io.winnow.core.application.Imports;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** A file of a data set, open for reading: unpacked, decoded, split into rows. */
final class TableFile implements Closeable {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final LineReader lines;
  private final Row.Reader rows;

  private TableFile(LineReader lines, Row.Reader rows) {
    this.lines = lines;
    this.rows = rows;
  }

  /** The first of the table's candidates that exists, as it is or with {@code .gz}; or null. */
  static @Nullable Path find(Path folder, Imports.Table table) {
    for (String name : table.files()) {
      for (String candidate : new String[] {name, name + ".gz"}) {
        Path file = folder.resolve(candidate);
        if (Files.isRegularFile(file)) {
          return file;
        }
      }
    }
    return null;
  }

  /** Opens a file; whether it is packed is told by its first bytes, not by its name. */
  static TableFile open(Path file, Imports.Format format) throws IOException {
    InputStream raw = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
    try {
      raw.mark(2);
      boolean packed = raw.read() == 0x1F && raw.read() == 0x8B;
      raw.reset();
      InputStream plain = packed ? new GZIPInputStream(raw, BUFFER_BYTES) : raw;
      // What is not in the charset becomes U+FFFD, and the row that uses it is reported.
      Reader text =
          new BufferedReader(
              new InputStreamReader(plain, Charset.forName(format.charset())), BUFFER_BYTES);
      text.mark(1);
      if (text.read() != BYTE_ORDER_MARK) {
        text.reset();
      }
      LineReader lines = new LineReader(text);
      return new TableFile(
          lines, format.isNdjson() ? new NdjsonReader(lines) : new DelimitedReader(lines, format));
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  Row.Reader rows() {
    return rows;
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
