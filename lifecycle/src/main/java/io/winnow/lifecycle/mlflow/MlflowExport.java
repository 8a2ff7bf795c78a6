package io.winnow.lifecycle.mlflow;

import static io.winnow.lifecycle.mlflow.MlflowFiles.JSON;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.ManifestJson;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.Winnow;
import io.winnow.lifecycle.registry.Aliases;
import io.winnow.lifecycle.registry.RegisteredRelease;
import io.winnow.lifecycle.registry.Registry;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Writes the releases of a registry into the folder of an MLflow file store ({@code mlruns}): an
 * experiment and a registered model named after the application, a run and a version for each
 * release. What is there of the same application is written over; other experiments and models stay
 * as they are. Exporting again gives the same files.
 */
public final class MlflowExport {
  private static final int STATUS_FINISHED = 3;
  private static final int SOURCE_LOCAL = 4;
  private static final String USER = "winnow";

  private final Registry registry;
  private final ReleaseStore store;

  /**
   * @param registry names the releases, their tags, metrics and aliases
   * @param store holds their files
   */
  public MlflowExport(Registry registry, ReleaseStore store) {
    this.registry = registry;
    this.store = store;
  }

  /**
   * Writes every release whose files are there.
   *
   * @param root the folder; made if it is not there
   * @return the versions that were written, oldest first. MLflow's number of each is its place
   *     among all that were ever registered, from 1, so it stays when older ones are deleted
   * @throws WinnowException with {@code CORRUPT} for a damaged release, {@code INVALID_ARGUMENT} if
   *     there is none, {@code UNAVAILABLE} if the folder cannot be written
   */
  public List<String> writeTo(Path root) {
    List<RegisteredRelease> releases = registry.releases();
    List<String> there = store.versions();
    if (releases.stream().noneMatch(release -> isThere(release, there))) {
      throw WinnowException.invalid("releases", "none", "at least one to export");
    }
    Path folder = root.toAbsolutePath().normalize();
    String application = releases.getLast().manifest().application();
    Map<String, String> numbers = new TreeMap<>();
    List<String> written = new ArrayList<>();
    try {
      Path experiment = folder.resolve(experimentId(application));
      experiment(experiment, application, releases.getFirst().registeredMs());
      Path model = folder.resolve(MlflowFiles.MODELS).resolve(application);
      for (int i = 0; i < releases.size(); i++) {
        RegisteredRelease release = releases.get(i);
        if (!isThere(release, there)) {
          continue;
        }
        String version = release.manifest().version();
        store.verify(version);
        Path run = experiment.resolve(runId(release.manifest()));
        run(run, release);
        numbers.put(version, String.valueOf(i + 1));
        version(model, release, run, i + 1);
        written.add(version);
      }
      model(model, application, releases);
      aliases(model, numbers);
    } catch (IOException e) {
      throw MlflowFiles.unavailable("write into " + folder, e);
    }
    return written;
  }

  private static boolean isThere(RegisteredRelease release, List<String> versions) {
    return release.deletedMs() == 0 && versions.contains(release.manifest().version());
  }

  private static String experimentId(String application) {
    // MLflow's own are numbers of eighteen digits
    return new BigInteger(MlflowFiles.id("experiment " + application), 16)
        .mod(BigInteger.TEN.pow(17))
        .add(BigInteger.TEN.pow(17))
        .toString();
  }

  private static String runId(ReleaseManifest manifest) {
    return MlflowFiles.id("run " + manifest.application() + " " + manifest.version());
  }

  private static void experiment(Path folder, String application, long createdMs)
      throws IOException {
    MlflowFiles.writeYaml(
        folder.resolve(MlflowFiles.META),
        JSON.createObjectNode()
            .put("artifact_location", uri(folder))
            .put("creation_time", createdMs)
            .put("experiment_id", folder.getFileName().toString())
            .put("last_update_time", createdMs)
            .put("lifecycle_stage", "active")
            .put("name", application));
  }

  private void run(Path folder, RegisteredRelease release) throws IOException {
    ReleaseManifest manifest = release.manifest();
    String id = folder.getFileName().toString();
    ObjectNode meta =
        JSON.createObjectNode()
            .put("artifact_uri", uri(folder.resolve(MlflowFiles.ARTIFACTS)))
            .put("end_time", manifest.createdMs())
            .put("entry_point_name", "")
            .put(
                "experiment_id",
                Objects.requireNonNull(folder.getParent()).getFileName().toString())
            .put("lifecycle_stage", "active")
            .put("run_id", id)
            .put("run_name", manifest.version())
            .put("run_uuid", id)
            .put("source_name", "")
            .put("source_type", SOURCE_LOCAL)
            .put("source_version", "")
            .put("start_time", manifest.createdMs())
            .put("status", STATUS_FINISHED);
    meta.putArray("tags");
    meta.put("user_id", USER);
    MlflowFiles.writeYaml(folder.resolve(MlflowFiles.META), meta);
    Map<String, String> params = new TreeMap<>(manifest.provenance().settings());
    params.put("log.to_offset", String.valueOf(manifest.provenance().toOffset()));
    params.put("seed", String.valueOf(manifest.provenance().seed()));
    params.put("code_version", manifest.provenance().codeVersion());
    writeNamed(folder.resolve(MlflowFiles.PARAMS), params);
    Map<String, String> metrics = new TreeMap<>();
    release
        .metrics()
        .forEach((name, value) -> metrics.put(name, manifest.createdMs() + " " + value + " 0\n"));
    Map<String, String> names = writeNamed(folder.resolve(MlflowFiles.METRICS), metrics);
    Path tags = folder.resolve(MlflowFiles.TAGS);
    MlflowFiles.writeText(tags.resolve("mlflow.runName"), manifest.version());
    MlflowFiles.writeText(tags.resolve("mlflow.user"), USER);
    MlflowFiles.writeText(
        tags.resolve(MlflowFiles.METRIC_NAMES_TAG), JSON.writeValueAsString(names));
    model(folder.resolve(MlflowFiles.ARTIFACTS).resolve(MlflowFiles.MODEL), manifest, id);
  }

  /** Writes a file for each entry; returns the names that they have, with those of before. */
  private static Map<String, String> writeNamed(Path folder, Map<String, String> contents)
      throws IOException {
    Map<String, String> names = new TreeMap<>();
    Files.createDirectories(folder);
    for (Map.Entry<String, String> entry : contents.entrySet()) {
      String name = MlflowFiles.name(entry.getKey(), names);
      names.put(name, entry.getKey());
      MlflowFiles.writeText(folder.resolve(name), entry.getValue());
    }
    return names;
  }

  private void model(Path folder, ReleaseManifest manifest, String run) throws IOException {
    for (String name : manifest.files().keySet()) {
      Path target = folder.resolve(name);
      Files.createDirectories(target.getParent());
      Files.copy(store.file(manifest.version(), name), target, StandardCopyOption.REPLACE_EXISTING);
    }
    MlflowFiles.writeText(folder.resolve("manifest.json"), ManifestJson.write(manifest));
    ObjectNode model =
        JSON.createObjectNode()
            .put("artifact_path", MlflowFiles.MODEL)
            .put("model_uuid", run)
            .put("run_id", run)
            .put(
                "utc_time_created",
                Instant.ofEpochMilli(manifest.createdMs())
                    .toString()
                    .replace('T', ' ')
                    .replace("Z", ""));
    model
        .putObject("flavors")
        .putObject("winnow")
        .put("version", Winnow.VERSION)
        .put("manifest", "manifest.json");
    MlflowFiles.writeYaml(folder.resolve("MLmodel"), model);
  }

  private static void version(Path model, RegisteredRelease release, Path run, int number)
      throws IOException {
    Path folder = model.resolve(MlflowFiles.VERSION_PREFIX + number);
    String source = uri(run.resolve(MlflowFiles.ARTIFACTS).resolve(MlflowFiles.MODEL));
    ObjectNode meta = JSON.createObjectNode();
    meta.putArray("aliases");
    meta.put("creation_timestamp", release.registeredMs())
        .put("current_stage", "None")
        .put("description", "Winnow release " + release.manifest().version())
        .put("last_updated_timestamp", release.registeredMs())
        .put("name", release.manifest().application())
        .put("run_id", run.getFileName().toString())
        .putNull("run_link")
        .put("source", source)
        .put("status", "READY")
        .putNull("status_message")
        .put("storage_location", source)
        .put("user_id", USER)
        .put("version", number);
    MlflowFiles.writeYaml(folder.resolve(MlflowFiles.META), meta);
    Path tags = folder.resolve(MlflowFiles.TAGS);
    deleteFiles(tags);
    for (Map.Entry<String, String> tag : release.tags().entrySet()) {
      MlflowFiles.writeText(tags.resolve(tag.getKey()), tag.getValue());
    }
  }

  private static void model(Path model, String application, List<RegisteredRelease> releases)
      throws IOException {
    ObjectNode meta = JSON.createObjectNode();
    meta.putObject("aliases");
    meta.put("creation_timestamp", releases.getFirst().registeredMs())
        .putNull("description")
        .put("last_updated_timestamp", releases.getLast().registeredMs())
        .put("name", application);
    MlflowFiles.writeYaml(model.resolve(MlflowFiles.META), meta);
  }

  private void aliases(Path model, Map<String, String> numbers) throws IOException {
    Path folder = model.resolve(MlflowFiles.ALIASES);
    for (String alias : List.of("champion", "previous", "challenger", "shadow")) {
      Files.deleteIfExists(folder.resolve(alias));
    }
    for (Map.Entry<String, String> alias : Aliases.of(registry.plan()).entrySet()) {
      String number = numbers.get(alias.getValue());
      if (number != null) {
        MlflowFiles.writeText(folder.resolve(alias.getKey()), number);
      }
    }
  }

  private static void deleteFiles(Path folder) throws IOException {
    for (String name : MlflowFiles.readTexts(folder).keySet()) {
      Files.delete(folder.resolve(name));
    }
  }

  /** Without the slash that a folder that is there would end in. */
  private static String uri(Path path) {
    String uri = path.toUri().toString();
    return uri.endsWith("/") ? uri.substring(0, uri.length() - 1) : uri;
  }
}
