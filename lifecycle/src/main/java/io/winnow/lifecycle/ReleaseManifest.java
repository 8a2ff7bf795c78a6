package io.winnow.lifecycle;

import io.winnow.core.application.DefinitionText;
import io.winnow.features.FeatureSchema;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a release bundle holds and where it comes from; {@code manifest.json} of the bundle.
 *
 * @param version names the release; also the bundle's folder
 * @param createdMs epoch milliseconds
 * @param application the application's name
 * @param schemaHash of the feature schema that the ranker reads
 * @param features the definitions that the ranker reads, in the order of its columns; empty in
 *     bundles of format 1, whose application file has them
 * @param files every other file of the bundle by its name
 * @param provenance what it was made of
 * @param metrics offline figures by name, such as {@code ranker.click.auc}
 */
public record ReleaseManifest(
    String version,
    long createdMs,
    String application,
    long schemaHash,
    List<Feature> features,
    Map<String, FileEntry> files,
    Provenance provenance,
    Map<String, Double> metrics) {
  /**
   * The format of {@code manifest.json}, its field {@code format}. Format 1 had no such field, and
   * no {@code features}; format 2 had no {@code settings} and no {@code imported}.
   */
  public static final int FORMAT = 3;

  /** Copies the list and the maps. */
  public ReleaseManifest {
    features = List.copyOf(features);
    files = Collections.unmodifiableMap(new TreeMap<>(files));
    metrics = Collections.unmodifiableMap(new TreeMap<>(metrics));
  }

  /** A manifest of a release that names no features. */
  public ReleaseManifest(
      String version,
      long createdMs,
      String application,
      long schemaHash,
      Map<String, FileEntry> files,
      Provenance provenance,
      Map<String, Double> metrics) {
    this(version, createdMs, application, schemaHash, List.of(), files, provenance, metrics);
  }

  /**
   * A feature that a release needs.
   *
   * @param name qualified, such as {@code user.watches_1h}
   * @param version of its definition
   * @param text its definition as people read it
   */
  public record Feature(String name, String version, String text) {
    /** The columns of a schema. */
    static List<Feature> of(FeatureSchema schema) {
      return schema.definitions().stream()
          .map(definition ->
              new Feature(
                  definition.qualifiedName(),
                  definition.version(),
                  DefinitionText.of(definition.aggregation())))
          .toList();
    }
  }

  /**
   * One file's size and content.
   *
   * @param bytes its size
   * @param sha256 lower-case hexadecimal
   */
  public record FileEntry(long bytes, String sha256) {}

  /**
   * What a release was made of.
   *
   * @param toOffset it saw the log's records below this offset
   * @param fromMs time of the first record, epoch milliseconds
   * @param toMs time of the last record
   * @param seed the root seed of its training
   * @param codeVersion Winnow's version
   * @param environment JVM, operating system and processors
   * @param parent the release that training started from, or that networks were put into, if any
   * @param settings how it was trained: every setting by its path; empty in bundles of format 1 and
   *     2
   * @param imported files that were not made by Winnow; empty for a release trained here
   */
  public record Provenance(
      long toOffset,
      long fromMs,
      long toMs,
      long seed,
      String codeVersion,
      String environment,
      @Nullable String parent,
      Map<String, String> settings,
      List<Imported> imported) {
    /** Copies the map and the list. */
    public Provenance {
      settings = Collections.unmodifiableMap(new TreeMap<>(settings));
      imported = List.copyOf(imported);
    }

    /** Without settings, of nothing imported. */
    public Provenance(
        long toOffset,
        long fromMs,
        long toMs,
        long seed,
        String codeVersion,
        String environment,
        @Nullable String parent) {
      this(toOffset, fromMs, toMs, seed, codeVersion, environment, parent, Map.of(), List.of());
    }
  }

  /**
   * A file that somebody else made.
   *
   * @param role what it is in the release: {@code encoder}, {@code item_vectors}, {@code items} or
   *     {@code ranker}
   * @param file its name, without the folder
   * @param bytes its size
   * @param sha256 of its content, lower-case hexadecimal
   */
  public record Imported(String role, String file, long bytes, String sha256) {}
}
