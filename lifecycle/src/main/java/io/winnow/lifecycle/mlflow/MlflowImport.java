package io.winnow.lifecycle.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.ManifestJson;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.ServingPlan;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Brings the releases that an MLflow file store holds into a registry: those that were exported, in
 * this application or elsewhere, with the tags, metrics and aliases that they have in MLflow now.
 * Model versions of other kinds, without a Winnow manifest among their files, are passed over.
 */
public final class MlflowImport {
  private final Registry registry;
  private final ReleaseStore store;

  /**
   * @param registry gets the releases, their tags, metrics and aliases
   * @param store gets their files
   */
  public MlflowImport(Registry registry, ReleaseStore store) {
    this.registry = registry;
    this.store = store;
  }

  /**
   * What an import did.
   *
   * @param imported versions whose files were not here, in MLflow's order
   * @param known versions that were here, with the same files; their tags and metrics are MLflow's
   *     now
   * @param passedOver model versions that are no releases, and tags that cannot be tags here, with
   *     the reason
   * @param aliases those that are in force now; empty where a champion served already
   */
  public record Report(
      List<String> imported,
      List<String> known,
      Map<String, String> passedOver,
      Map<String, String> aliases) {
    /** Copies the lists and maps. */
    public Report {
      imported = List.copyOf(imported);
      known = List.copyOf(known);
      passedOver = Map.copyOf(passedOver);
      aliases = Map.copyOf(aliases);
    }
  }

  /**
   * Imports one registered model.
   *
   * @param root the folder of the file store
   * @param model its name, or null if the store holds only one
   * @param cause of the plan, where the aliases make one: {@code champion} and {@code previous} are
   *     taken over if no champion serves yet; trials are not, since they have no rollout here
   * @throws WinnowException with {@code INVALID_ARGUMENT} if this is no such folder or model,
   *     {@code CORRUPT} if a file is not what its manifest says, {@code CONFLICT} if another
   *     release of the same version is here
   */
  public Report readFrom(Path root, @Nullable String model, Cause cause) {
    Path folder = modelFolder(root, model);
    List<String> imported = new ArrayList<>();
    List<String> known = new ArrayList<>();
    Map<String, String> passedOver = new TreeMap<>();
    Map<String, String> versions = new HashMap<>();
    for (Path version : versionFolders(folder)) {
      String number =
          version.getFileName().toString().substring(MlflowFiles.VERSION_PREFIX.length());
      JsonNode meta = MlflowFiles.readYaml(version.resolve(MlflowFiles.META));
      Path run = run(root, meta);
      Path files = run.resolve(MlflowFiles.ARTIFACTS).resolve(MlflowFiles.MODEL);
      if (meta.path("current_stage").asText().equals("Deleted_Internal")) {
        passedOver.put(number, "deleted in MLflow");
      } else if (!Files.isRegularFile(files.resolve("manifest.json"))) {
        passedOver.put(number, "no manifest.json in " + files);
      } else {
        ReleaseManifest manifest = manifest(files);
        (publish(manifest, files) ? imported : known).add(manifest.version());
        versions.put(number, manifest.version());
        describe(manifest, version, run, passedOver);
      }
    }
    return new Report(imported, known, passedOver, aliases(folder, versions, cause));
  }

  private static Path modelFolder(Path root, @Nullable String model) {
    Path models = root.resolve(MlflowFiles.MODELS);
    if (!Files.isDirectory(models)) {
      throw WinnowException.invalid(
          "mlflow", root, "the folder of an MLflow file store, with a folder 'models'");
    }
    List<String> names;
    try (Stream<Path> entries = Files.list(models)) {
      names =
          entries
              .filter(entry -> Files.isRegularFile(entry.resolve(MlflowFiles.META)))
              .map(entry -> entry.getFileName().toString())
              .sorted()
              .toList();
    } catch (IOException e) {
      throw MlflowFiles.unavailable("list " + models, e);
    }
    if (model == null ? names.size() != 1 : !names.contains(model)) {
      throw WinnowException.invalid(
          "model", model == null ? "absent" : model, "one of " + names + " in " + models);
    }
    return models.resolve(model == null ? names.getFirst() : model);
  }

  private static List<Path> versionFolders(Path model) {
    try (Stream<Path> entries = Files.list(model)) {
      return entries
          .filter(entry -> entry.getFileName().toString().matches("version-[0-9]{1,9}"))
          .sorted(
              Comparator.comparingInt(entry ->
                  Integer.parseInt(
                      entry
                          .getFileName()
                          .toString()
                          .substring(MlflowFiles.VERSION_PREFIX.length()))))
          .toList();
    } catch (IOException e) {
      throw MlflowFiles.unavailable("list " + model, e);
    }
  }

  /** The run of a version: where its source says, or beneath the root if that was moved. */
  private static Path run(Path root, JsonNode meta) {
    String run = meta.path("run_id").asText("");
    if (!run.matches("[A-Za-z0-9][A-Za-z0-9_-]{0,255}")) {
      return root.resolve("run-without-id");
    }
    String source = meta.path("source").asText("");
    if (source.startsWith("file:")) {
      Path at = Path.of(URI.create(source)).normalize();
      Path folder = at.getParent() == null ? null : at.getParent().getParent();
      if (folder != null && Files.isDirectory(at) && folder.endsWith(run)) {
        return folder;
      }
    }
    try (Stream<Path> experiments = Files.list(root)) {
      return experiments
          .map(experiment -> experiment.resolve(run))
          .filter(Files::isDirectory)
          .findFirst()
          .orElse(root.resolve(run));
    } catch (IOException e) {
      throw MlflowFiles.unavailable("list " + root, e);
    }
  }

  private static ReleaseManifest manifest(Path files) {
    Path file = files.resolve("manifest.json");
    try {
      String text = Files.readString(file, StandardCharsets.UTF_8);
      ReleaseManifest manifest =
          ManifestJson.read(MlflowFiles.JSON.readTree(text).path("version").asText(), text);
      for (String name : manifest.files().keySet()) {
        if (!files.resolve(name).normalize().startsWith(files.normalize())) {
          throw new WinnowException(
              ErrorCode.CORRUPT, file + ": file " + name + " (expected: a name within the folder)");
        }
      }
      return manifest;
    } catch (JsonProcessingException e) {
      throw new WinnowException(ErrorCode.CORRUPT, file + ": not JSON (expected: a manifest)", e);
    } catch (IOException e) {
      throw MlflowFiles.unavailable("read " + file, e);
    }
  }

  /** Whether its files were not here. */
  private boolean publish(ReleaseManifest manifest, Path files) {
    String version = manifest.version();
    if (store.versions().contains(version)) {
      if (!store.manifest(version).equals(manifest)) {
        throw new WinnowException(
            ErrorCode.CONFLICT,
            "release %s: another one of this version is here (expected: the same files)"
                .formatted(version));
      }
      registry.register(manifest);
      return false;
    }
    store.publishAs(
        manifest,
        bundle -> {
          for (String name : manifest.files().keySet()) {
            Path source = files.resolve(name);
            if (!Files.isRegularFile(source)) {
              throw new WinnowException(
                  ErrorCode.CORRUPT,
                  "release %s, file %s: missing in %s".formatted(version, name, files));
            }
            Path target = bundle.resolve(name);
            Files.createDirectories(target.getParent());
            Files.copy(source, target);
          }
        });
    registry.register(manifest);
    registry.restore(version);
    return true;
  }

  private void describe(
      ReleaseManifest manifest, Path version, Path run, Map<String, String> passedOver) {
    Map<String, String> names = names(run);
    Map<String, Double> measured = new TreeMap<>();
    MlflowFiles.readTexts(run.resolve(MlflowFiles.METRICS))
        .forEach((name, lines) -> {
          String metric = names.getOrDefault(name, name);
          double value = lastValue(name, lines);
          if (Double.isFinite(value)
              && !Double.valueOf(value).equals(manifest.metrics().get(metric))) {
            measured.put(metric, value);
          }
        });
    registry.measure(manifest.version(), measured);
    MlflowFiles.readTexts(version.resolve(MlflowFiles.TAGS))
        .forEach((name, value) -> {
          try {
            registry.tag(manifest.version(), name, value);
          } catch (WinnowException e) {
            if (e.code() != ErrorCode.INVALID_ARGUMENT) {
              throw e;
            }
            passedOver.put(manifest.version() + ", tag " + name, String.valueOf(e.getMessage()));
          }
        });
  }

  private static Map<String, String> names(Path run) {
    Path file = run.resolve(MlflowFiles.TAGS).resolve(MlflowFiles.METRIC_NAMES_TAG);
    if (!Files.isRegularFile(file)) {
      return Map.of();
    }
    try {
      return MlflowFiles.JSON.readValue(
          Files.readString(file, StandardCharsets.UTF_8),
          new TypeReference<Map<String, String>>() {});
    } catch (JsonProcessingException e) {
      throw WinnowException.invalid(file.toString(), "not JSON", "an object of texts");
    } catch (IOException e) {
      throw MlflowFiles.unavailable("read " + file, e);
    }
  }

  /** A metric's file has a line {@code TIMESTAMP VALUE STEP} for each time that it was logged. */
  private static double lastValue(String name, String lines) {
    String last = lines.strip().lines().reduce("", (_, line) -> line);
    String[] parts = last.split(" ");
    try {
      return Double.parseDouble(parts.length > 1 ? parts[1] : last);
    } catch (NumberFormatException e) {
      throw WinnowException.invalid("metric " + name, last, "TIMESTAMP VALUE STEP");
    }
  }

  private Map<String, String> aliases(Path model, Map<String, String> versions, Cause cause) {
    Map<String, String> given = new HashMap<>();
    MlflowFiles.readTexts(model.resolve(MlflowFiles.ALIASES))
        .forEach((alias, number) -> {
          String version = versions.get(number.strip());
          if (version != null) {
            given.put(alias, version);
          }
        });
    ServingPlan plan = registry.plan();
    String champion = given.get("champion");
    if (plan.champion() != null || champion == null) {
      return Map.of();
    }
    Map<String, String> taken = new TreeMap<>();
    taken.put("champion", champion);
    String previous = given.get("previous");
    if (previous != null) {
      taken.put("previous", previous);
    }
    registry.change(
        new ServingPlan(
            plan.revision(), champion, previous, null, ServingPlan.Canary.NONE, null, 0),
        "import",
        cause);
    return taken;
  }
}
