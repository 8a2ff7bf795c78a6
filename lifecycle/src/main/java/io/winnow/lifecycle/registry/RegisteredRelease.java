package io.winnow.lifecycle.registry;

import io.winnow.lifecycle.ReleaseManifest;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * A release as the registry knows it.
 *
 * @param manifest as published; its provenance names the parent
 * @param registeredMs epoch milliseconds
 * @param tags by name
 * @param metrics by name: those of the manifest, and those that were measured later, such as {@code
 *     gate.ndcg@10}
 * @param deletedMs when its files were deleted; 0 while they are there
 */
public record RegisteredRelease(
    ReleaseManifest manifest,
    long registeredMs,
    Map<String, String> tags,
    Map<String, Double> metrics,
    long deletedMs) {
  /** Copies the maps. */
  public RegisteredRelease {
    tags = Collections.unmodifiableMap(new TreeMap<>(tags));
    metrics = Collections.unmodifiableMap(new TreeMap<>(metrics));
  }
}
