package io.winnow.core.application;

/** The declared type of an item's or user's attribute. */
public enum AttributeType {
  /** One category: a JSON string. */
  STRING,
  /** Several categories: a JSON array of strings, or one string with {@code |} between them. */
  STRINGS,
  /** A number without unit. */
  NUMBER,
  /** A duration as a number of seconds. */
  SECONDS,
  /** A point in time: ISO 8601, or seconds or milliseconds since the epoch. */
  TIME,
  /** Free text such as a title: kept and shown, not used as a category. */
  TEXT
}
