package io.winnow.lifecycle.trainingset;

import io.winnow.lifecycle.trainingset.TrainingSetManifest.Part;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes rows to one file after another, each up to a number of rows. Not thread-safe. */
final class PartFiles implements AutoCloseable {
  private final Path folder;
  private final TrainingSetSchema schema;
  private final String provenance;
  private final long partRows;
  private final int rowGroupRows;
  private final List<Part> parts = new ArrayList<>();
  private @Nullable PartWriter open;

  PartFiles(
      Path folder,
      TrainingSetSchema schema,
      Provenance provenance,
      long partRows,
      int rowGroupRows) {
    this.folder = folder;
    this.schema = schema;
    this.provenance = ProvenanceJson.line(provenance);
    this.partRows = partRows;
    this.rowGroupRows = rowGroupRows;
  }

  private Path file() {
    return folder.resolve(String.format(Locale.ROOT, "part-%05d.parquet", parts.size()));
  }

  void write(TrainingRow row) throws IOException {
    if (open == null) {
      open = new PartWriter(file(), schema, rowGroupRows);
    }
    open.write(row);
    if (open.rows() == partRows) {
      endPart(open);
    }
  }

  private void endPart(PartWriter part) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(Footers.PROVENANCE, provenance);
    metadata.put(Footers.ROWS, Long.toString(part.rows()));
    part.finish(metadata);
    part.close();
    open = null;
    Path file = file();
    parts.add(new Part(file.getFileName().toString(), part.rows(), Files.size(file), sha256(file)));
  }

  /** Ends the last file; a set without rows has one file that says so. */
  List<Part> finish() throws IOException {
    if (open == null && parts.isEmpty()) {
      open = new PartWriter(file(), schema, rowGroupRows);
    }
    if (open != null) {
      endPart(open);
    }
    return List.copyOf(parts);
  }

  private static String sha256(Path file) throws IOException {
    try (DigestInputStream in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  @Override
  public void close() throws IOException {
    if (open != null) {
      open.close();
    }
  }
}
