package io.winnow.lifecycle.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Names and small files of MLflow's file store, as its {@code tracking/file_store.py} and {@code
 * model_registry/file_store.py} have them. Stateless.
 */
final class MlflowFiles {
  static final String META = "meta.yaml";
  static final String MODELS = "models";
  static final String VERSION_PREFIX = "version-";
  static final String ALIASES = "aliases";
  static final String TAGS = "tags";
  static final String METRICS = "metrics";
  static final String PARAMS = "params";
  static final String ARTIFACTS = "artifacts";

  /** The folder of a run's artifacts that is the model. */
  static final String MODEL = "release";

  /** A run's tag: the metrics' names as Winnow has them, by those that MLflow takes. */
  static final String METRIC_NAMES_TAG = "winnow.metric_names";

  static final ObjectMapper JSON = JsonMapper.builder().build();

  private static final Pattern NOT_TAKEN = Pattern.compile("[^A-Za-z0-9_. -]");
  private static final YAMLMapper YAML =
      YAMLMapper.builder().disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER).build();

  private MlflowFiles() {}

  static void writeYaml(Path file, ObjectNode content) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, YAML.writeValueAsString(content));
  }

  static JsonNode readYaml(Path file) {
    try {
      JsonNode node = YAML.readTree(Files.readString(file, StandardCharsets.UTF_8));
      if (!node.isObject()) {
        throw WinnowException.invalid(file.toString(), node.getNodeType(), "a YAML mapping");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw WinnowException.invalid(
          file.toString(), e.getOriginalMessage(), "YAML as MLflow writes it");
    } catch (IOException e) {
      throw unavailable("read " + file, e);
    }
  }

  static void writeText(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  /** The files of a folder by their path in it, with their content; empty if there is none. */
  static Map<String, String> readTexts(Path folder) {
    Map<String, String> texts = new TreeMap<>();
    if (!Files.isDirectory(folder)) {
      return texts;
    }
    try (Stream<Path> walk = Files.walk(folder)) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        texts.put(
            folder.relativize(file).toString(), Files.readString(file, StandardCharsets.UTF_8));
      }
      return texts;
    } catch (IOException e) {
      throw unavailable("read " + folder, e);
    }
  }

  /** A name that MLflow takes, and that no other of the given ones has. */
  static String name(String name, Map<String, String> taken) {
    String plain = NOT_TAKEN.matcher(name.replace("@", "_at_")).replaceAll("_").strip();
    String candidate = plain;
    for (int i = 2; taken.containsKey(candidate); i++) {
      candidate = plain + "_" + i;
    }
    return candidate;
  }

  /** Always the same id for the same thing: exporting again changes nothing. */
  static String id(String thing) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(thing.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, 32);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  static WinnowException unavailable(String action, IOException e) {
    return new WinnowException(
        ErrorCode.UNAVAILABLE, "cannot " + action + ": " + e.getMessage(), e);
  }
}
