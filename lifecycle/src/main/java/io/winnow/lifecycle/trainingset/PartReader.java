package io.winnow.lifecycle.trainingset;

import com.github.luben.zstd.Zstd;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.KeyValue;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.jspecify.annotations.Nullable;

/**
 * Reads one file that {@link PartWriter} wrote, one row group at a time. Every page is compared
 * with its CRC-32; whatever does not fit is {@code CORRUPT}. Not thread-safe.
 */
final class PartReader implements AutoCloseable {
  private static final int PAGE_BYTES_MAX = 256 << 20;

  private final Path path;
  private final FileChannel file;
  private final FileMetaData footer;

  private PartReader(Path path, FileChannel file, FileMetaData footer) {
    this.path = path;
    this.file = file;
    this.footer = footer;
  }

  /**
   * Opens a file and reads its footer.
   *
   * @throws WinnowException with {@code CORRUPT} if it is no whole Parquet file
   */
  static PartReader open(Path path) throws IOException {
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new PartReader(path, file, footer(path, file));
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static FileMetaData footer(Path path, FileChannel file) throws IOException {
    long size = file.size();
    if (size < Footers.MAGIC.length + Footers.TAIL_BYTES) {
      throw corrupt(path, size + " bytes", "a Parquet file");
    }
    byte[] tail = bytes(file, size - Footers.TAIL_BYTES, Footers.TAIL_BYTES);
    int length = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (!Arrays.equals(tail, 4, Footers.TAIL_BYTES, Footers.MAGIC, 0, 4)
        || length < 0
        || length > size - Footers.TAIL_BYTES - Footers.MAGIC.length) {
      throw corrupt(path, "another end", "a footer and PAR1");
    }
    byte[] footer = bytes(file, size - Footers.TAIL_BYTES - length, length);
    try {
      return Util.readFileMetaData(new ByteArrayInputStream(footer));
    } catch (IOException | RuntimeException e) {
      throw corrupt(path, "a footer that cannot be read", "one as written", e);
    }
  }

  /** The footer's key-value pairs. */
  Map<String, String> metadata() {
    Map<String, String> metadata = new HashMap<>();
    if (footer.isSetKey_value_metadata()) {
      for (KeyValue pair : footer.getKey_value_metadata()) {
        metadata.put(pair.getKey(), pair.getValue());
      }
    }
    return metadata;
  }

  /** How many rows the footer promises. */
  long rows() {
    return footer.getNum_rows();
  }

  /**
   * Gives every row, in order.
   *
   * @throws WinnowException with {@code CORRUPT} if the file has other columns or is damaged
   */
  void forEach(TrainingSetSchema schema, Consumer<TrainingRow> visitor) throws IOException {
    MessageType type = schema.type();
    if (!footer.getSchema().equals(Footers.schema(type))) {
      throw corrupt(path, "other columns", "those that its provenance names");
    }
    for (RowGroup group : footer.getRow_groups()) {
      ColumnReader[] columns = columns(type, group);
      for (long row = 0; row < group.getNum_rows(); row++) {
        TrainingRow next;
        try {
          next = schema.read(columns);
        } catch (RuntimeException e) {
          throw corrupt(path, "a row that cannot be read", "rows as written", e);
        }
        visitor.accept(next);
      }
    }
  }

  private ColumnReader[] columns(MessageType type, RowGroup group) throws IOException {
    List<ColumnDescriptor> descriptors = type.getColumns();
    if (group.getColumnsSize() != descriptors.size()) {
      throw corrupt(path, group.getColumnsSize() + " columns", descriptors.size() + "");
    }
    Map<ColumnDescriptor, PageReader> pages = new HashMap<>();
    for (int column = 0; column < descriptors.size(); column++) {
      ColumnMetaData chunk = group.getColumns().get(column).getMeta_data();
      if (chunk.getNum_values() != group.getNum_rows()) {
        throw corrupt(path, chunk.getNum_values() + " values", group.getNum_rows() + " rows");
      }
      pages.put(
          descriptors.get(column),
          pages(group.getColumns().get(column), descriptors.get(column).getPrimitiveType()));
    }
    try {
      ColumnReadStoreImpl store =
          new ColumnReadStoreImpl(
              new Pages(group.getNum_rows(), pages),
              new Unconverted(),
              type,
              footer.getCreated_by());
      return descriptors.stream().map(store::getColumnReader).toArray(ColumnReader[]::new);
    } catch (RuntimeException e) {
      throw corrupt(path, "pages that cannot be decoded", "pages as written", e);
    }
  }

  private ChunkReader pages(ColumnChunk column, PrimitiveType type) throws IOException {
    ColumnMetaData chunk = column.getMeta_data();
    long from =
        chunk.isSetDictionary_page_offset()
            ? chunk.getDictionary_page_offset()
            : chunk.getData_page_offset();
    long length = chunk.getTotal_compressed_size();
    if (from < 0 || length < 0 || from > file.size() - length || length > Integer.MAX_VALUE - 8) {
      throw corrupt(path, "a column at " + from + " of " + length + " bytes", "one in the file");
    }
    ByteArrayInputStream in = new ByteArrayInputStream(bytes(file, from, (int) length));
    Deque<DataPage> data = new ArrayDeque<>();
    DictionaryPage dictionary = null;
    while (in.available() > 0) {
      PageHeader header;
      try {
        header = Util.readPageHeader(in);
      } catch (IOException | RuntimeException e) {
        throw corrupt(path, "a page header that cannot be read", "one as written", e);
      }
      BytesInput page = page(header, in);
      if (header.isSetDictionary_page_header()) {
        dictionary =
            new DictionaryPage(
                page,
                header.getDictionary_page_header().getNum_values(),
                encoding(header.getDictionary_page_header().getEncoding()));
      } else if (header.isSetData_page_header()) {
        var page1 = header.getData_page_header();
        data.add(
            new DataPageV1(
                page,
                page1.getNum_values(),
                header.getUncompressed_page_size(),
                Statistics.noopStats(type),
                encoding(page1.getRepetition_level_encoding()),
                encoding(page1.getDefinition_level_encoding()),
                encoding(page1.getEncoding())));
      } else {
        throw corrupt(path, "a page of type " + header.getType(), "data or dictionary");
      }
    }
    return new ChunkReader(chunk.getNum_values(), dictionary, data);
  }

  private BytesInput page(PageHeader header, ByteArrayInputStream in) throws IOException {
    int compressed = header.getCompressed_page_size();
    int size = header.getUncompressed_page_size();
    if (compressed < 0 || compressed > in.available() || size < 0 || size > PAGE_BYTES_MAX) {
      throw corrupt(path, "a page of " + compressed + " bytes", "at most what the column has");
    }
    byte[] bytes = in.readNBytes(compressed);
    CRC32 crc = new CRC32();
    crc.update(bytes);
    if (header.isSetCrc() && header.getCrc() != (int) crc.getValue()) {
      throw corrupt(path, "a page with another checksum", "CRC-32 as in its header");
    }
    byte[] plain = new byte[size];
    long got = Zstd.decompress(plain, bytes);
    if (got != size) {
      throw corrupt(path, "a page that does not decompress", size + " bytes");
    }
    return BytesInput.from(plain);
  }

  private static Encoding encoding(org.apache.parquet.format.Encoding encoding) {
    return Encoding.valueOf(encoding.name());
  }

  private static byte[] bytes(FileChannel file, long from, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (file.read(buffer, from + buffer.position()) < 0) {
        throw new EOFException("the file became shorter");
      }
    }
    return buffer.array();
  }

  private static WinnowException corrupt(Path path, String found, String expected) {
    return corrupt(path, found, expected, null);
  }

  private static WinnowException corrupt(
      Path path, String found, String expected, @Nullable Exception cause) {
    String message = path.getFileName() + ": " + found + " (expected: " + expected + ")";
    return cause == null
        ? new WinnowException(ErrorCode.CORRUPT, message)
        : new WinnowException(ErrorCode.CORRUPT, message, cause);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  /** A row group's pages. */
  private record Pages(long rows, Map<ColumnDescriptor, PageReader> columns)
      implements PageReadStore {
    @Override
    public PageReader getPageReader(ColumnDescriptor column) {
      PageReader reader = columns.get(column);
      if (reader == null) {
        throw new IllegalArgumentException("column " + column);
      }
      return reader;
    }

    @Override
    public long getRowCount() {
      return rows;
    }

    @Override
    public void close() {}
  }

  /** A column's pages. */
  private record ChunkReader(long values, @Nullable DictionaryPage dictionary, Deque<DataPage> data)
      implements PageReader {
    @Override
    public @Nullable DictionaryPage readDictionaryPage() {
      return dictionary;
    }

    @Override
    public long getTotalValueCount() {
      return values;
    }

    @Override
    public @Nullable DataPage readPage() {
      return data.poll();
    }
  }

  /** Values are taken from the columns; nothing is converted. */
  private static final class Unconverted extends GroupConverter {
    @Override
    public Converter getConverter(int field) {
      return new PrimitiveConverter() {};
    }

    @Override
    public void start() {}

    @Override
    public void end() {}
  }
}
