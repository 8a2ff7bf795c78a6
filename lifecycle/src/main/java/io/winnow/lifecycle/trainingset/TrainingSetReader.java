package io.winnow.lifecycle.trainingset;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.trainingset.TrainingSetManifest.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Reads a training set back: the same rows, bit for bit, in the same order. Holds one row group in
 * memory. Immutable; any number of threads may read.
 */
public final class TrainingSetReader {
  /** Says what a folder holds. Readers of a whole folder skip names that begin with {@code _}. */
  static final String MANIFEST = "_provenance.json";

  private final Path folder;
  private final TrainingSetManifest manifest;

  private TrainingSetReader(Path folder, TrainingSetManifest manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  /**
   * Opens a folder that {@link TrainingSetExporter} wrote.
   *
   * @throws WinnowException with {@code NOT_FOUND} if it holds no training set, {@code CORRUPT} if
   *     its {@code _provenance.json} is not one or is of a later format
   */
  public static TrainingSetReader open(Path folder) {
    Path file = folder.resolve(MANIFEST);
    if (!Files.isRegularFile(file)) {
      throw new WinnowException(
          ErrorCode.NOT_FOUND, folder + ": no training set (expected: a " + MANIFEST + ")");
    }
    TrainingSetManifest manifest;
    try {
      manifest = ProvenanceJson.manifest(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new WinnowException(
          ErrorCode.CORRUPT, file + ": not a manifest (expected: JSON as written)", e);
    } catch (IOException e) {
      throw unavailable(file, e);
    }
    if (manifest.provenance().format() != Provenance.FORMAT) {
      throw new WinnowException(
          ErrorCode.CORRUPT,
          file
              + ": format "
              + manifest.provenance().format()
              + " (expected: "
              + Provenance.FORMAT
              + ")");
    }
    return new TrainingSetReader(folder, manifest);
  }

  /** What the set is made of and holds. */
  public TrainingSetManifest manifest() {
    return manifest;
  }

  /**
   * Gives every row, in the order of the set.
   *
   * @throws WinnowException with {@code CORRUPT} that names the file if one is missing, damaged, or
   *     of another set; {@code UNAVAILABLE} if it cannot be read
   */
  public void forEach(Consumer<TrainingRow> visitor) {
    Provenance provenance = manifest.provenance();
    TrainingSetSchema schema = TrainingSetSchema.of(provenance);
    for (Part part : manifest.parts()) {
      Path file = folder.resolve(part.file());
      if (!Files.isRegularFile(file)) {
        throw new WinnowException(
            ErrorCode.CORRUPT, part.file() + ": missing (expected: " + part.rows() + " rows)");
      }
      try (PartReader reader = PartReader.open(file)) {
        String of = reader.metadata().getOrDefault(Footers.PROVENANCE, "absent");
        if (!of.equals(ProvenanceJson.line(provenance)) || reader.rows() != part.rows()) {
          throw new WinnowException(
              ErrorCode.CORRUPT,
              part.file() + ": of another training set (expected: what " + MANIFEST + " says)");
        }
        reader.forEach(schema, visitor);
      } catch (IOException e) {
        throw unavailable(file, e);
      }
    }
  }

  private static WinnowException unavailable(Path file, IOException e) {
    return new WinnowException(
        ErrorCode.UNAVAILABLE, "cannot read " + file + ": " + e.getMessage(), e);
  }
}
