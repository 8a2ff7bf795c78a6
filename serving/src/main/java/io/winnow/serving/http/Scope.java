package io.winnow.serving.http;

import java.util.Set;

/** What an API key may do. */
public enum Scope {
  /** Ask for recommendations, items, users, releases, metrics. */
  READ,
  /** Send events, items, users. */
  WRITE,
  /** Everything. */
  ADMIN;

  /** Whether a key with these scopes may do what needs this one. */
  boolean coveredBy(Set<Scope> scopes) {
    return scopes.contains(this) || scopes.contains(ADMIN);
  }
}
