package io.winnow.lifecycle.registry;

import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseManifest.Feature;
import io.winnow.lifecycle.ReleaseManifest.FileEntry;
import io.winnow.lifecycle.ReleaseManifest.Provenance;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * In what two releases differ.
 *
 * @param a version of the first
 * @param b version of the second
 * @param metrics all of both, by name
 * @param features that only one has, or that are defined differently
 * @param settings that differ, by path
 * @param provenance where they come from, as far as it differs: data window, code, seed and so on
 * @param files all of both, by name
 */
public record ReleaseDifference(
    String a,
    String b,
    List<Metric> metrics,
    List<Change> features,
    List<Change> settings,
    List<Change> provenance,
    List<FileChange> files) {
  /** Copies the lists. */
  public ReleaseDifference {
    metrics = List.copyOf(metrics);
    features = List.copyOf(features);
    settings = List.copyOf(settings);
    provenance = List.copyOf(provenance);
    files = List.copyOf(files);
  }

  /**
   * A figure of both releases.
   *
   * @param a null if the first has none
   * @param b null if the second has none
   * @param difference {@code b - a}; null if one has none
   */
  public record Metric(
      String name, @Nullable Double a, @Nullable Double b, @Nullable Double difference) {}

  /**
   * Something that differs.
   *
   * @param a as the first has it, or null if it has none
   * @param b as the second has it, or null if it has none
   */
  public record Change(String name, @Nullable String a, @Nullable String b) {}

  /**
   * A file of one or both releases.
   *
   * @param equal whether both have it with the same content
   * @param aBytes null if the first has none
   * @param bBytes null if the second has none
   */
  public record FileChange(
      String name, boolean equal, @Nullable Long aBytes, @Nullable Long bBytes) {}

  /** Compares two releases. */
  public static ReleaseDifference of(RegisteredRelease a, RegisteredRelease b) {
    List<Metric> metrics = new ArrayList<>();
    for (String name : names(a.metrics(), b.metrics())) {
      Double before = a.metrics().get(name);
      Double after = b.metrics().get(name);
      metrics.add(
          new Metric(name, before, after, before == null || after == null ? null : after - before));
    }
    ReleaseManifest first = a.manifest();
    ReleaseManifest second = b.manifest();
    List<FileChange> files = new ArrayList<>();
    for (String name : names(first.files(), second.files())) {
      FileEntry before = first.files().get(name);
      FileEntry after = second.files().get(name);
      files.add(
          new FileChange(
              name,
              Objects.equals(before, after),
              before == null ? null : before.bytes(),
              after == null ? null : after.bytes()));
    }
    return new ReleaseDifference(
        first.version(),
        second.version(),
        metrics,
        changes(features(first), features(second)),
        changes(first.provenance().settings(), second.provenance().settings()),
        changes(provenance(first), provenance(second)),
        files);
  }

  private static TreeSet<String> names(Map<String, ?> a, Map<String, ?> b) {
    TreeSet<String> names = new TreeSet<>(a.keySet());
    names.addAll(b.keySet());
    return names;
  }

  private static List<Change> changes(Map<String, String> a, Map<String, String> b) {
    List<Change> changes = new ArrayList<>();
    for (String name : names(a, b)) {
      if (!Objects.equals(a.get(name), b.get(name))) {
        changes.add(new Change(name, a.get(name), b.get(name)));
      }
    }
    return changes;
  }

  private static Map<String, String> features(ReleaseManifest manifest) {
    Map<String, String> features = new HashMap<>();
    for (Feature feature : manifest.features()) {
      features.put(feature.name(), feature.text() + " (" + feature.version() + ")");
    }
    return features;
  }

  private static Map<String, String> provenance(ReleaseManifest manifest) {
    Provenance provenance = manifest.provenance();
    Map<String, String> lines = new TreeMap<>();
    lines.put("application", manifest.application());
    lines.put("created", Instant.ofEpochMilli(manifest.createdMs()).toString());
    lines.put("data from", Instant.ofEpochMilli(provenance.fromMs()).toString());
    lines.put("data to", Instant.ofEpochMilli(provenance.toMs()).toString());
    lines.put("log to offset", String.valueOf(provenance.toOffset()));
    lines.put("seed", String.valueOf(provenance.seed()));
    lines.put("code", provenance.codeVersion());
    lines.put("environment", provenance.environment());
    if (provenance.parent() != null) {
      lines.put("parent", provenance.parent());
    }
    for (ReleaseManifest.Imported imported : provenance.imported()) {
      lines.put("imported " + imported.role(), imported.file() + " " + imported.sha256());
    }
    return lines;
  }

  /** As people read it; what is equal is counted, not listed. */
  public String text() {
    StringBuilder text = new StringBuilder(1_024);
    text.append(a).append(" → ").append(b).append('\n');
    section(text, "provenance", provenance);
    section(text, "settings", settings);
    section(text, "features", features);
    text.append("metrics\n");
    for (Metric metric : metrics) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %-44s %12s %12s %12s%n",
              metric.name(),
              number(metric.a(), "%.5f"),
              number(metric.b(), "%.5f"),
              number(metric.difference(), "%+.5f")));
    }
    long equal = files.stream().filter(FileChange::equal).count();
    text.append("files: ").append(equal).append(" equal\n");
    for (FileChange file : files) {
      if (!file.equal()) {
        text.append(
            String.format(
                Locale.ROOT,
                "  %-44s %12s %12s bytes%n",
                file.name(),
                bytes(file.aBytes()),
                bytes(file.bBytes())));
      }
    }
    return text.toString();
  }

  private static void section(StringBuilder text, String title, List<Change> changes) {
    text.append(title).append(changes.isEmpty() ? ": no difference\n" : "\n");
    for (Change change : changes) {
      text.append("  ")
          .append(change.name())
          .append(": ")
          .append(Objects.requireNonNullElse(change.a(), "–"))
          .append(" → ")
          .append(Objects.requireNonNullElse(change.b(), "–"))
          .append('\n');
    }
  }

  private static String number(@Nullable Double value, String format) {
    return value == null ? "–" : String.format(Locale.ROOT, format, value);
  }

  private static String bytes(@Nullable Long value) {
    return value == null ? "–" : String.format(Locale.ROOT, "%,d", value);
  }
}
