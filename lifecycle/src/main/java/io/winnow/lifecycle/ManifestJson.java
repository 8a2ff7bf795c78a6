package io.winnow.lifecycle;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;

/**
 * The text of a {@link ReleaseManifest}: writes the newest format, reads every one that there was.
 * Stateless.
 */
public final class ManifestJson {
  private static final String FORMAT_FIELD = "format";

  /** Manifests of this format do not tell it. */
  private static final int FIRST_FORMAT = 1;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private ManifestJson() {}

  /** Writes a manifest; the same one always gives the same text. */
  public static String write(ReleaseManifest manifest) {
    ObjectNode tree = JSON.createObjectNode().put(FORMAT_FIELD, ReleaseManifest.FORMAT);
    tree.setAll((ObjectNode) JSON.valueToTree(manifest));
    try {
      return JSON.writeValueAsString(tree);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of texts and numbers can be written", e);
    }
  }

  /**
   * Reads a manifest.
   *
   * @param version that it has to be of
   * @throws WinnowException with {@code CORRUPT} if it is not one
   */
  public static ReleaseManifest read(String version, String text) {
    ReleaseManifest manifest;
    try {
      manifest = parse(version, text);
    } catch (JacksonException e) {
      throw new WinnowException(
          ErrorCode.CORRUPT,
          "release "
              + version
              + ", file "
              + ReleaseStore.MANIFEST
              + ": not a manifest (expected: JSON as written)",
          e);
    }
    if (!manifest.version().equals(version)) {
      throw corrupt(version, "version " + manifest.version(), "version " + version);
    }
    return manifest;
  }

  /**
   * The format in which a manifest was written.
   *
   * @return 1 to {@link ReleaseManifest#FORMAT}
   */
  static int format(String version, String text) {
    try {
      return JSON.readTree(text).path(FORMAT_FIELD).asInt(FIRST_FORMAT);
    } catch (JacksonException e) {
      throw corrupt(version, "not JSON", "JSON as written");
    }
  }

  private static ReleaseManifest parse(String version, String text) throws JacksonException {
    JsonNode node = JSON.readTree(text);
    if (!(node instanceof ObjectNode tree)) {
      throw corrupt(version, "not an object", "JSON as written");
    }
    int format = tree.path(FORMAT_FIELD).asInt(FIRST_FORMAT);
    tree.remove(FORMAT_FIELD);
    if (format < FIRST_FORMAT || format > ReleaseManifest.FORMAT) {
      throw corrupt(
          version,
          "format " + format,
          "1 to " + ReleaseManifest.FORMAT + "; a later Winnow wrote it");
    }
    if (format == FIRST_FORMAT) {
      tree.putArray("features");
    }
    if (format < 3 && tree.get("provenance") instanceof ObjectNode provenance) {
      provenance.putObject("settings");
      provenance.putArray("imported");
    }
    return JSON.treeToValue(tree, ReleaseManifest.class);
  }

  private static WinnowException corrupt(String version, String actual, String expected) {
    return new WinnowException(
        ErrorCode.CORRUPT,
        "release %s, file %s: %s (expected: %s)"
            .formatted(version, ReleaseStore.MANIFEST, actual, expected));
  }
}
