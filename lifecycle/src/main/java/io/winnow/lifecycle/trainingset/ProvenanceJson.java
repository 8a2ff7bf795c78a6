package io.winnow.lifecycle.trainingset;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** The JSON of {@link Provenance} and {@link TrainingSetManifest}: keys in snake case. */
final class ProvenanceJson {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private ProvenanceJson() {}

  static String line(Provenance provenance) {
    try {
      return MAPPER.writeValueAsString(provenance);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("provenance that cannot be written as JSON", e);
    }
  }

  static String pretty(TrainingSetManifest manifest) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(manifest) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a manifest that cannot be written as JSON", e);
    }
  }

  static Provenance provenance(String json) throws JsonProcessingException {
    return MAPPER.readValue(json, Provenance.class);
  }

  static TrainingSetManifest manifest(String json) throws JsonProcessingException {
    return MAPPER.readValue(json, TrainingSetManifest.class);
  }
}
