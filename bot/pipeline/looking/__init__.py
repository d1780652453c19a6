"""What a person looks at because they asked to: contact sheets of a case, and anything that they bring."""
