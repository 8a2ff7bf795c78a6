package io.winnow.lifecycle.trainingset;

import io.winnow.lifecycle.Winnow;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.column.page.PageWriteStore;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnOrder;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.KeyValue;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.TypeDefinedOrder;
import org.apache.parquet.format.Util;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/**
 * Writes one Parquet file: format version 1, dictionaries where they pay, Zstandard. Holds one row
 * group, encoded, in memory. The same rows and metadata give the same bytes. Not thread-safe.
 */
final class PartWriter implements AutoCloseable {
  private static final ParquetProperties PROPERTIES =
      ParquetProperties.builder()
          .withWriterVersion(WriterVersion.PARQUET_1_0)
          .withStatisticsEnabled(false)
          .withStatisticsEnabled(TrainingSetSchema.TIME, true)
          .withStatisticsEnabled(TrainingSetSchema.AS_OF_OFFSET, true)
          .withSizeStatisticsEnabled(false)
          .build();

  private final TrainingSetSchema schema;
  private final MessageType type;
  private final int rowGroupRows;
  private final FileChannel file;
  private final OutputStream out;
  private final List<RowGroup> groups = new ArrayList<>();
  private @Nullable Group group;
  private long offset;
  private long rows;

  /** A row group that is being filled. */
  private static final class Group implements PageWriteStore {
    private final Map<ColumnDescriptor, ColumnChunkPages> pages = new LinkedHashMap<>();
    private final ColumnWriteStore store;
    private final ColumnWriter[] columns;
    private int rows;

    Group(MessageType type) {
      for (ColumnDescriptor column : type.getColumns()) {
        pages.put(column, new ColumnChunkPages(column, PROPERTIES.getStatisticsEnabled(column)));
      }
      store = PROPERTIES.newColumnWriteStore(type, this);
      columns = type.getColumns().stream().map(store::getColumnWriter).toArray(ColumnWriter[]::new);
    }

    @Override
    public PageWriter getPageWriter(ColumnDescriptor column) {
      ColumnChunkPages chunk = pages.get(column);
      if (chunk == null) {
        throw new IllegalArgumentException("column " + column);
      }
      return chunk;
    }

    @Override
    public void close() {}
  }

  /**
   * @param target must not exist
   * @param rowGroupRows at most in one row group
   */
  PartWriter(Path target, TrainingSetSchema schema, int rowGroupRows) throws IOException {
    this.schema = schema;
    this.type = schema.type();
    this.rowGroupRows = rowGroupRows;
    this.file = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    this.out = new BufferedOutputStream(Channels.newOutputStream(file), 1 << 16);
    out.write(Footers.MAGIC);
    offset = Footers.MAGIC.length;
  }

  /** How many rows were written. */
  long rows() {
    return rows;
  }

  void write(TrainingRow row) throws IOException {
    if (group == null) {
      group = new Group(type);
    }
    schema.write(row, group.columns);
    group.store.endRecord();
    group.rows++;
    rows++;
    if (group.rows == rowGroupRows) {
      endGroup(group);
    }
  }

  private void endGroup(Group ended) throws IOException {
    group = null;
    ended.store.flush();
    ended.store.close();
    List<ColumnChunk> chunks = new ArrayList<>();
    long begin = offset;
    long uncompressed = 0;
    for (ColumnChunkPages pages : ended.pages.values()) {
      chunks.add(pages.writeTo(out, offset));
      offset += pages.bytes();
      uncompressed += pages.uncompressedBytes();
    }
    RowGroup whole = new RowGroup(chunks, uncompressed, ended.rows);
    whole.setFile_offset(begin);
    whole.setTotal_compressed_size(offset - begin);
    whole.setOrdinal((short) groups.size());
    groups.add(whole);
  }

  /**
   * Writes what is left and the footer, and waits until the disk has it.
   *
   * @param metadata the footer's key-value pairs, in this order
   */
  void finish(Map<String, String> metadata) throws IOException {
    if (group != null) {
      endGroup(group);
    }
    FileMetaData footer = new FileMetaData(1, Footers.schema(type), rows, groups);
    List<KeyValue> pairs = new ArrayList<>();
    metadata.forEach((key, value) -> {
      KeyValue pair = new KeyValue(key);
      pair.setValue(value);
      pairs.add(pair);
    });
    footer.setKey_value_metadata(pairs);
    footer.setCreated_by("winnow version " + Winnow.VERSION);
    List<ColumnOrder> orders = new ArrayList<>();
    for (int column = 0; column < type.getFieldCount(); column++) {
      orders.add(ColumnOrder.TYPE_ORDER(new TypeDefinedOrder()));
    }
    footer.setColumn_orders(orders);
    out.flush();
    long begin = file.position();
    Util.writeFileMetaData(footer, out);
    out.flush();
    int length = Math.toIntExact(file.position() - begin);
    out.write(
        ByteBuffer.allocate(Footers.TAIL_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(length)
            .put(Footers.MAGIC)
            .array());
    out.flush();
    file.force(true);
  }

  /** Lets go of the file, finished or not. */
  @Override
  public void close() throws IOException {
    if (group != null) {
      group.store.close();
      group = null;
    }
    file.close();
  }
}
