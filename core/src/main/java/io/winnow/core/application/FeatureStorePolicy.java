package io.winnow.core.application;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How the feature store keeps and checks what it holds: {@code feature_store}.
 *
 * @param views bounds by the label of an entity, such as {@code user x category}; the others have
 *     {@link View#DEFAULT}
 * @param audit how served values are compared with replayed ones
 */
public record FeatureStorePolicy(Map<String, View> views, Audit audit) {
  /** Nothing declared. */
  public static final FeatureStorePolicy DEFAULT = new FeatureStorePolicy(Map.of(), Audit.DEFAULT);

  /** Copies the map, keeping its order. */
  public FeatureStorePolicy {
    views = Collections.unmodifiableMap(new LinkedHashMap<>(views));
  }

  /** The bounds of an entity's states. */
  public View view(String label) {
    return views.getOrDefault(label, View.DEFAULT);
  }

  /**
   * The bounds of the states of one entity.
   *
   * @param ttl a state whose newest event is older reads as if there had never been one, and may be
   *     forgotten; at least the longest window of the view with its lateness
   * @param maxKeys the most states: of a pair with the user, for each user; otherwise in all. At
   *     the bound, a new key is taken only in place of one whose time to live is over; else its
   *     events are not counted in this view, which a metric tells. Not for users and items: those
   *     are bounded by the store and the catalogue.
   */
  public record View(Duration ttl, int maxKeys) {
    /** 400 days and 8,192 keys. */
    public static final View DEFAULT = new View(Duration.ofDays(400), 8192);
  }

  /**
   * The audit of served values.
   *
   * @param sample the share of users, in [0, 1], all of whose requests a server recomputes by
   *     replay as it goes; 0 switches it off
   * @param maxMismatches the share of the compared values of any one feature, in [0, 1], above
   *     which no release is promoted
   */
  public record Audit(double sample, double maxMismatches) {
    /** The requests of one user in a hundred, and not one value may differ. */
    public static final Audit DEFAULT = new Audit(0.01, 0);
  }
}
