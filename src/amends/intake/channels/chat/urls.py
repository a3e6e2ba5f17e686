"""The addresses of the chat: the staff's pages, and what the customer's pages ask."""

from __future__ import annotations

from django.urls import path

from amends.intake.channels.chat import staff, views

urlpatterns = [
    path("widget/chat/", views.begin, name="widget_chat"),
    path("chat/<str:token>/live/", views.live, name="chat_live"),
    path("chat/<str:token>/say/", views.say, name="chat_say"),
    path("chat/<str:token>/typing/", views.typing, name="chat_typing"),
    path("chat/<str:token>/seen/", views.seen, name="chat_seen"),
    path("chat/<str:token>/leave/", views.leave, name="chat_leave"),
    path("chats/", staff.chats, name="chats"),
    path("chats-live/", staff.live_list, name="chats_live"),
    path("chats/<str:reference>/", staff.chat, name="staff_chat"),
    path("chats/<str:reference>/live/", staff.live, name="staff_chat_live"),
    path("chats/<str:reference>/say/", staff.say, name="staff_chat_say"),
    path("chats/<str:reference>/typing/", staff.typing, name="staff_chat_typing"),
    path("chats/<str:reference>/leave/", staff.leave, name="staff_chat_leave"),
    path("chats/<str:reference>/end/", staff.end, name="staff_chat_end"),
]
